// The ensembles of a layer, all models side by side: whose they are, and what they share.

const MANY = 24; // categories: above, no numbers in matrices and no names at every row

const viewEnsembles = {
    controls: ["layer", "category", "factor"],
    needs: () => deepEnough().flatMap(({ key }) => meansOf(key)),

    draw() {
        const { layer, category, factor, other } = state;
        const name = categories[category];
        return [
            () => make("section", {},
                make("h2", {}, `The ensemble of ${name}, layer ${layer}`),
                make("p", {}, `The units with x̄ > ${number(factor)} · LOO for ${name} are in blue, all others in `
                    + "grey. Choose a unit to see what it answers to."),
                sideBySide(deepEnough(), ensembleMap)),
            () => make("section", {},
                make("h2", {}, "Units that categories share"),
                make("p", {}, "The Jaccard index of two categories is the number of units in both ensembles "
                    + "divided by that of units in either. Choose a pair to list the units in both."),
                sideBySide(deepEnough(), (model) => [mostShared(model), shareMatrix(model), shareGraph(model)])),
            () => make("section", { class: "beside" },
                make("div", {},
                    make("h2", {}, other === null ? `Units of ${name}` : `Units that ${name} and ${categories[other]} share`),
                    make("div", { class: "choices" },
                        chooseModel("Units of "),
                        make("label", {}, "shared with ",
                            choice("other", [["", "any or none"], ...categories.map((name, k) => [k, name])], other ?? ""))),
                    unitTable()),
                make("div", {}, make("h2", {}, "Sizes of all ensembles"), sizeTable())),
        ];
    },
};

/** The models that have the layer shown. */
const deepEnough = () => about.models.filter((model) => model.layers.length >= state.layer);

const meansOf = (key, layer = state.layer) => [`${key}/${layer}/means`, `${key}/${layer}/sums`];

/** What is drawn for each model, under its name. */
const sideBySide = (shown, draw) => make("div", { class: "models" }, shown.map((model) =>
    make("div", { class: "model" },
        make("h3", { style: `--model: ${colours.models[model.key]}` }, model.name),
        draw(model))));

const noImages = (model, category) => nothing(
    about.testImages[category]
        ? `${model.name} classifies no test image of ${categories[category]} correctly, so it has no ensemble.`
        : `There is no test image of ${categories[category]}.`);

/** Say of a unit what its place in a map stands for. */
function describeUnit(model, found, unit) {
    const { category } = state;
    const ratio = found.mean(category, unit) / found.loo(category, unit);
    const inside = found.categories[unit].map((k) => categories[k]).join(", ") || "none";
    return `Unit ${unit}: x̄ ${number(found.mean(category, unit))}, x̄ / LOO ${number(ratio)}; ensembles: ${inside}`;
}

/** The value that is drawn in full colour: twice Σx² / Σx, as in the figures. */
const fullColour = (values) => (2 * d3.sum(values, (x) => x * x)) / d3.sum(values) || 1;

function ensembleMap(model) {
    const { layer, category, factor } = state;
    if (!hasImages(model.key, category)) return noImages(model, category);
    const found = ensembles(model.key, layer, factor);
    const size = found.members[category].length;
    const end = fullColour(d3.range(found.n).map((unit) => found.mean(category, unit)));
    return figure(
        `${counted(size, "unit")} of ${thousands(found.n)} (${percent(size / found.n)}); full colour from x̄ = ${number(end)}`,
        unitMap({
            label: `${model.name}: mean activation of the units of layer ${layer} for ${categories[category]}`,
            units: found.n,
            value: (unit) => found.mean(category, unit),
            tone: (unit) => (found.active(category, unit) ? "blue" : "grey"),
            end,
            describe: (unit) => describeUnit(model, found, unit),
            pick: (unit) => go({ view: "unit", model: model.key, unit }),
            chosen: model.key === state.model ? state.unit : null,
        }));
}

function shareMatrix(model) {
    const shared = sharedUnits(ensembles(model.key, state.layer, state.factor));
    const K = categories.length;
    const index = (cell) => jaccard(shared, Math.floor(cell / K), cell % K);
    const pairs = d3.range(K * K).filter((cell) => Math.floor(cell / K) !== cell % K);
    const end = d3.max(pairs, (cell) => index(cell) || 0) || 1;
    const shade = shades(end);
    const grey = d3.rgb(dark.matches ? "#555555" : "#e3e3e3");
    const longest = d3.max(categories, (name) => name.length);
    const few = K <= MANY;
    const size = 240;
    const pixel = K / size; // in cells
    const chosen = state.other === null ? [] : [state.category * K + state.other];
    const listed = chosen.length && model.key === state.model
        ? `; the units that ${categories[state.category]} and ${categories[state.other]} share are listed below` : "";
    return figure(`Jaccard index; full colour from ${number(end)}${listed}`, grid({
        label: `${model.name}: Jaccard index of the ensembles of each pair of categories`, cell: "pair",
        columns: K, cells: K * K, marked: chosen,
        colour: (cell) => {
            const value = index(cell);
            return Math.floor(cell / K) === cell % K || isNaN(value) ? grey : shade(value);
        },
        describe: (cell) => {
            const [a, b] = [Math.floor(cell / K), cell % K];
            const [left, right] = [categories[a], categories[b]];
            if (a === b) return `${left}: ${counted(shared[cell], "unit")}`;
            return `${left} and ${right} share ${counted(shared[cell], "unit")}; Jaccard ${number(index(cell))}`;
        },
        pick: (cell) => {
            const [a, b] = [Math.floor(cell / K), cell % K];
            go({ model: model.key, category: a, other: a === b ? null : b });
        },
        size,
        room: few ? 8 + 6 * Math.min(longest, 12) : 0,
        marks: few ? [
            // Only those of the category shown; pointing at a pair tells its own.
            ...pairs.filter((cell) => [Math.floor(cell / K), cell % K].includes(state.category)).map((cell) => makeSvg("text", {
                x: (cell % K) + 0.5, y: Math.floor(cell / K) + 0.63, "text-anchor": "middle", "font-size": 9 * pixel,
                fill: index(cell) > 0.55 * end !== dark.matches ? "white" : "black",
            }, d3.format(".2f")(index(cell)).replace("0.", ".").replace("NaN", "–"))),
            ...categories.flatMap((name, k) => [
                { x: -4 * pixel, y: k + 0.63, "text-anchor": "end" },
                { transform: `translate(${k + 0.63} ${-4 * pixel}) rotate(-90)` },
            ].map((place) => makeSvg("text", { ...place, "font-size": 10 * pixel, fill: "currentColor" },
                name.length > 12 ? `${name.slice(0, 11)}…` : name))),
        ] : [],
    }));
}

/** Categories around a circle, and lines between those that share units, the wider the more. */
function shareGraph(model) {
    const found = ensembles(model.key, state.layer, state.factor);
    const shared = sharedUnits(found);
    const K = categories.length;
    const angle = (k) => (2 * Math.PI * k) / K - Math.PI / 2;
    const [x, y] = [(k, far = 100) => far * Math.cos(angle(k)), (k, far = 100) => far * Math.sin(angle(k))];
    const all = d3.cross(d3.range(K), d3.range(K)).filter(([a, b]) => a < b && shared[a * K + b]);
    const count = ([a, b]) => shared[a * K + b];
    const edges = d3.sort(all, (pair) => -count(pair)).slice(0, 3 * K).reverse();
    const touches = (k) => k === state.category || k === state.other;
    const [most, largest] = [d3.max(edges, count), d3.max(found.members, (units) => units.length)];
    const titled = (tag, title, properties) => makeSvg(tag, properties, makeSvg("title", {}, title));
    const plot = makeSvg("svg", {
        width: 340, height: 260, viewBox: "-170 -130 340 260", role: "img",
        "aria-label": `${model.name}: a line between two categories is the wider the more units they share`,
    },
    edges.map(([a, b]) => titled("line", `${categories[a]} and ${categories[b]} share ${counted(shared[a * K + b], "unit")}`, {
        x1: x(a), y1: y(a), x2: x(b), y2: y(b), "stroke-opacity": 0.7, "stroke-linecap": "round",
        stroke: touches(a) || touches(b) ? colours.active : colours.inactive, "stroke-width": (6 * shared[a * K + b]) / most,
    })),
    found.members.map((units, k) => titled("circle", `${categories[k]}: ${counted(units.length, "unit")}`, {
        cx: x(k), cy: y(k), r: 9 * Math.sqrt(units.length / largest || 0), fill: touches(k) ? colours.highlight : colours.active,
    })),
    d3.range(K).filter((k) => K <= MANY || touches(k)).map((k) => makeSvg("text", {
        x: x(k, 114), y: y(k, 114) + 4, "font-size": 10, fill: "currentColor", "text-anchor": x(k) > -1 ? "start" : "end",
    }, categories[k])));
    return figure(
        all.length > edges.length ? `Shared units: the ${edges.length} strongest of ${all.length} pairs` : "Shared units",
        plot);
}

/** A sentence on the unit that most categories share. */
function mostShared(model) {
    const { categories: ofUnit } = ensembles(model.key, state.layer, state.factor);
    const most = d3.max(ofUnit, (some) => some.length);
    if (!most) return nothing("No unit is in an ensemble.");
    if (most === 1) return nothing("No unit is in two ensembles.");
    const [unit, ...others] = d3.range(ofUnit.length).filter((one) => ofUnit[one].length === most);
    const names = ofUnit[unit].map((k) => categories[k]);
    return make("p", {}, link(`Unit ${unit}`, { view: "unit", model: model.key, unit }),
        ` is shared by the most categories: ${most} of ${categories.length} (${names.slice(0, MANY).join(", ")}${names.length > MANY ? ", …" : ""})`,
        others.length ? `; ${counted(others.length, "other unit")} ${others.length === 1 ? "is" : "are"} in as many ensembles.` : ".");
}

function unitTable() {
    const { model, layer, category, factor, other } = state;
    if (!hasImages(model, category)) return noImages(models.get(model), category);
    const found = ensembles(model, layer, factor);
    const units = found.members[category].filter((unit) => other === null || found.active(other, unit));
    const rows = d3.sort(units, (unit) => -found.mean(category, unit));
    const rest = (unit) => found.categories[unit].filter((k) => k !== category).map((k) => categories[k]).join(", ");
    return table(counted(rows.length, "unit"), [
        ["Unit", (unit) => Object.assign(link(String(unit), { view: "unit", unit }), { plain: unit })],
        ["x̄", (unit) => found.mean(category, unit)],
        ["x̄ / LOO", (unit) => found.mean(category, unit) / found.loo(category, unit)],
        ["Also in the ensemble of", (unit) => rest(unit) || "–"],
    ], rows, (unit) => unit === state.unit);
}

/** The share of units in each ensemble, and the mean over the categories that have one. */
function sizeTable() {
    const found = new Map(deepEnough().map(({ key }) => [key, ensembles(key, state.layer, state.factor)]));
    const of = (key, k) => (hasImages(key, k) ? found.get(key).members[k].length : NaN);
    const mean = (key) => d3.mean(categories.map((_, k) => of(key, k)).filter((size) => !isNaN(size))) / found.get(key).n;
    return table("Units in each ensemble", [
        ["Category", (k) => categories[k] ?? "Mean share"],
        ...deepEnough().map(({ key, name }) => [name, (k) => (k in categories ? of(key, k) : percent(mean(key)))]),
    ], [...d3.range(categories.length), "mean"], (k) => k === state.category);
}
