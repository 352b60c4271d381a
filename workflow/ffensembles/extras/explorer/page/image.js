// An image: what it activates, and what decides about it.

const ON_A_PAGE = 40; // images to choose from

const viewImage = {
    controls: ["factor"],

    needs() {
        const each = about.models.flatMap(({ key, layers }) => [
            `${key}/prediction`, `${key}/scores`,
            ...layers.flatMap((_, i) => [...meansOf(key, i + 1), `${key}/${i + 1}/activations`]),
        ]);
        return [...each, "label", "index", "sheet"];
    },

    draw() {
        const { model, factor, truth, predicted, which, page, image } = state;
        const given = image === null ? -1 : block("index").values.indexOf(image);
        const place = given >= 0 ? given : selection()[0] ?? 0;
        const label = block("label").values[place];
        for (const image of view.querySelectorAll(".strip .image")) markChosen(image, place);
        return [
            lasting([model, truth, predicted, which, page], () => make("section", { "aria-label": "Images to choose from" }, filter(place))),
            lasting([model, place, image], () => make("section", {},
                make("h2", {}, `Image ${block("index").values[place]}: ${categories[label]}`),
                image !== null && given < 0 ? nothing(`Image ${image} is not on this page.`) : null,
                make("div", { class: "decision" },
                    thumbnail(place, categories[label], { class: "image large" }),
                    make("div", {}, about.models.map((one) => make("p", {}, verdict(one, place, label))),
                        about.models.some(byGoodness) ? make("p", { class: "small" }, GOODNESS) : null)),
                sideBySide(about.models, (one) => decisionBars(one, place, label)))),
            lasting([model, place, factor], () => make("section", {},
                make("h2", {}, "What it activates"),
                make("p", {}, aboutActivations(label)),
                sideBySide(about.models, (one) => activationMaps(one, place, label)))),
            lasting([place], () => make("section", {}, scoreTable(place))),
        ];
    },
};

const GOODNESS = "Goodness says how strong a layer’s activations are with a label drawn into the image (in the paper it is "
    + "their norm). In each layer a softmax turns the goodness of all labels into probabilities, which add up to 1. The label "
    + "with the largest sum over the layers wins, so a sum may exceed 1.";

/** Whether a model tries every label, drawn into the image. */
const byGoodness = (model) => model.score.name === "Goodness";

const list = (names) => new Intl.ListFormat("en-GB").format(names);

/** Frame the image that is shown among those to choose from. */
const markChosen = (image, place) => image.setAttribute("aria-current", Number(image.value) === place);

function aboutActivations(label) {
    const name = categories[label];
    const plain = list(about.models.filter((model) => !byGoodness(model)).map((model) => model.name));
    return `Activations with the true label, ${name}, drawn in, whatever the model says${plain ? ` (${plain}: of the image as it is)` : ""}. `
        + `In blue is the ensemble of ${name}, in orange that of the label which a model wrongly says; above each map is how many of their units answer.`;
}

const predictionOf = (key, place) => block(`${key}/prediction`).values[place];

let inOrder; // the places of all images: first those with activations, by their index

/** Return the places of the images that the filter lets through, in that order. */
function selection() {
    const { model, truth, predicted, which } = state;
    const labels = block("label").values;
    const index = block("index").values;
    inOrder ??= d3.sort(d3.range(labels.length), (place) => place >= about.images.kept, (place) => index[place]);
    return inOrder.filter((place) => {
        const [label, guess] = [labels[place], predictionOf(model, place)];
        return (which === "all" || (which === "wrong") === (label !== guess))
            && (truth === null || truth === label) && (predicted === null || predicted === guess);
    });
}

/** Say what a model makes of an image, and which of its layers decide. */
function verdict(model, place, label) {
    const guess = predictionOf(model.key, place);
    const rows = decision(model.key, place);
    const sum = (k) => d3.sum(rows, ({ probabilities }) => probabilities[k]).toFixed(2);
    const [taken, right] = [categories[guess], categories[label]];
    if (guess === label) return `${model.name} says ${taken}, which is right.`;
    if (rows.length === 1) {
        return `${model.name} says ${taken}, which is wrong: its ${model.score.rows[0].toLowerCase()} gives ${taken} the probability ${sum(guess)}, ${right} ${sum(label)}.`;
    }
    const where = (holds) => list(model.score.rows.filter((_, i) => holds(rows[i].scores))).toLowerCase();
    const against = where((scores) => scores[label] > scores[guess]);
    const thirds = d3.range(categories.length).filter((k) => k !== guess && k !== label)
        .map((k) => [categories[k], where((scores) => d3.maxIndex(scores) === k)]).filter(([, layers]) => layers);
    return `${model.name} says ${taken}, which is wrong: over the layers the probabilities of ${taken} add up to ${sum(guess)}, those of ${right} to ${sum(label)}. `
        + `${model.score.name} is larger for ${taken} than for ${right} in ${where((scores) => scores[guess] > scores[label])}`
        + `${against ? `, for ${right} in ${against}` : ""}${thirds.map(([name, layers]) => `; in ${layers} it is largest for ${name}`).join("")}.`;
}

/** The probability of each label as a bar, of a part for each layer. */
function decisionBars(model, place, label) {
    const rows = decision(model.key, place);
    const sum = (k) => d3.sum(rows, ({ probabilities }) => probabilities[k]);
    const guess = predictionOf(model.key, place);
    const all = d3.range(categories.length);
    const shown = all.length > BARS ? d3.sort(all, (k) => -sum(k)).slice(0, BARS) : all;
    if (!shown.includes(label)) shown.push(label);
    const widest = d3.max(all, sum);
    const shade = d3.scaleOrdinal(rows.length > 1 ? colours.layers : [colours.models[model.key]]).domain(model.score.rows);
    const mark = (k) => (k === label ? `✓ ${categories[k]}` : k === guess ? `✗ ${categories[k]}` : categories[k]);
    const part = (name, { scores, probabilities }, k) => make("span", {
        class: "bar", style: `width: ${(100 * probabilities[k]) / widest}%; background: ${shade(name)}`,
        title: `${name}: ${model.score.name.toLowerCase()} ${number(scores[k])}, probability ${probabilities[k].toFixed(3)}`,
    });
    return figure(
        `Probability of each label, ${rows.length > 1 ? "summed over the layers" : "from the head"}`,
        rows.length > 1 ? legend(model.score.rows.map((name) => [name, shade(name)])) : null,
        make("table", { class: "bars" }, shown.map((k) => make("tr", {},
            make("th", { scope: "row" }, mark(k)),
            make("td", {}, model.score.rows.map((name, i) => part(name, rows[i], k))),
            make("td", { class: "number" }, sum(k).toFixed(2))))));
}

function activationMaps(model, place, label) {
    if (place >= about.images.kept) {
        return nothing(`This page holds activations of ${thousands(about.images.kept)} images, and not of this one.`);
    }
    const guess = predictionOf(model.key, place);
    return make("div", { class: "layers" }, model.layers.map(({ units }, i) => {
        const layer = i + 1;
        const kept = block(`${model.key}/${layer}/activations`);
        const value = (unit) => inSteps(kept, unit * about.images.kept + place);
        const found = ensembles(model.key, layer, state.factor);
        const answers = (k) => {
            const own = found.members[k];
            const lit = own.filter((unit) => value(unit) > 0).length;
            return make("div", {}, `${categories[k]}: ${own.length ? `${lit} of ${own.length}` : "no ensemble"}`);
        };
        return figure(
            [`Layer ${layer}`, answers(label), guess === label ? null : answers(guess)],
            unitMap({
                label: `${model.name}, layer ${layer}: activations`, units, value, size: 160,
                tone: (unit) => (found.active(label, unit) ? "blue" : found.active(guess, unit) ? "orange" : "grey"),
                end: kept.step * 15,
                describe: (unit) => `Unit ${unit}: ${value(unit) ? `about ${number(value(unit))}` : "silent"}`,
                pick: (unit) => go({ view: "unit", model: model.key, layer, unit }),
            }));
    }));
}

/** Controls of the filter, and the images that it lets through; `shown` is the place of one. */
function filter(shown) {
    const places = selection();
    const names = [["", "any"], ...categories.map((name, k) => [k, name])];
    const last = Math.max(0, Math.ceil(places.length / ON_A_PAGE) - 1);
    const page = Math.min(state.page, last);
    const turn = (step, text) => make("button", {
        disabled: page + step < 0 || page + step > last ? "" : undefined, onclick: () => go({ page: page + step }),
    }, text);
    const choose = (text, name, options, value) => make("label", {}, text, choice(name, options, value));
    const labels = block("label").values;
    return [
        make("div", { class: "choices" },
            chooseModel("Images that "),
            choose("classifies ", "which", [["wrong", "wrongly"], ["correct", "correctly"], ["all", "either way"]], state.which),
            choose("that are ", "truth", names, state.truth ?? ""), choose("and are taken for ", "predicted", names, state.predicted ?? ""),
            make("span", {}, `${counted(places.length, "image")}, page ${page + 1} of ${last + 1} `, turn(-1, "←"), turn(1, "→"))),
        make("div", { class: "images strip" }, places.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE).map((place) => {
            const guess = predictionOf(state.model, place);
            const label = labels[place];
            const image = thumbnail(place, label === guess ? categories[label] : `${categories[label]} → ${categories[guess]}`);
            markChosen(image, shown);
            return image;
        })),
    ];
}

function scoreTable(place) {
    const columns = about.models.flatMap((model) => {
        const rows = decision(model.key, place);
        return model.score.rows.map((row, i) =>
            [`${model.name}, ${row.toLowerCase()}: ${model.score.name.toLowerCase()}`, (k) => rows[i].scores[k]]);
    });
    return table("What each label scores", [["Label", (k) => categories[k]], ...columns],
        d3.range(categories.length), (k) => k === block("label").values[place]);
}
