// Ensembles, as in section 3.5, and decisions, as in section 3.2, from the numbers of the tables.

/** Whether any test image of a category is classified correctly; only then it has an ensemble. */
const hasImages = (model, category) => models.get(model).correct[category] > 0;

const found = new Map(); // the last few of what `ensembles` has returned

/**
 * Find the ensembles of a layer: x̄ > factor · LOO.
 *
 * Returns n, mean(category, unit), loo(category, unit), active(category, unit), the members of each
 * category's ensemble, and the categories of each unit: those whose ensemble it is in.
 */
function ensembles(model, layer, factor) {
    const key = `${model}/${layer}`;
    const known = `${key}/${factor}`;
    if (found.has(known)) return found.get(known);
    const { values, shape: [, n] } = block(`${key}/means`);
    const sums = block(`${key}/sums`).values;
    const mean = (category, unit) => values[category * n + unit];
    const loo = (category, unit) => (sums[category] - mean(category, unit)) / (n - 1);
    const active = (category, unit) => mean(category, unit) > factor * loo(category, unit);
    const members = categories.map(() => []);
    const ofUnit = Array.from({ length: n }, () => []);
    for (let category = 0; category < categories.length; category++) {
        for (let unit = 0; unit < n; unit++) {
            if (active(category, unit)) {
                members[category].push(unit);
                ofUnit[unit].push(category);
            }
        }
    }
    const result = { n, mean, loo, active, members, categories: ofUnit };
    if (found.size > 30) found.delete(found.keys().next().value);
    found.set(known, result);
    return result;
}

/** Return the number of units that each pair of categories shares, row by row; sizes on the diagonal. */
function sharedUnits({ categories: ofUnit }) {
    const K = categories.length;
    const shared = new Float64Array(K * K);
    for (const some of ofUnit) for (const a of some) for (const b of some) shared[a * K + b]++;
    return shared;
}

/** Return the Jaccard index of two categories; NaN where both ensembles are empty. */
function jaccard(shared, a, b) {
    const K = categories.length;
    const both = shared[a * K + b];
    return both / (shared[a * K + a] + shared[b * K + b] - both);
}

/** How selective a unit is: 1 answers to one category alone, 0 to all alike (of its means). */
function selectivity({ mean }, unit) {
    const means = categories.map((_, k) => mean(k, unit)).filter((value) => !isNaN(value));
    const [sum, square] = [d3.sum(means), d3.sum(means, (value) => value * value)];
    if (!square || means.length < 2) return 0;
    return (1 - (sum * sum) / (means.length * square)) / (1 - 1 / means.length);
}

/** The category to which a unit answers most. */
const preferred = ({ mean }, unit) => d3.maxIndex(categories, (_, k) => mean(k, unit));

/** Return the scores (rows × labels) of an image and their probabilities within each row. */
function decision(model, image) {
    const scores = block(`${model}/scores`);
    const [rows, images, K] = scores.shape;
    return d3.range(rows).map((row) => {
        const own = d3.range(K).map((k) => inSteps(scores, (row * images + image) * K + k));
        const largest = d3.max(own);
        const powers = own.map((score) => Math.exp(score - largest));
        const sum = d3.sum(powers);
        return { scores: own, probabilities: powers.map((power) => power / sum) };
    });
}
