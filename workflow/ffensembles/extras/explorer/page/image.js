// An image: what it activates, and what decides about it.

const ON_A_PAGE = 40; // images to choose from

const viewImage = {
    controls: ["model", "factor"],

    needs() {
        const each = about.models.flatMap(({ key, layers }) => [
            `${key}/prediction`, `${key}/scores`,
            ...layers.flatMap((_, i) => [...meansOf(key, i + 1), `${key}/${i + 1}/activations`]),
        ]);
        return [...each, "label", "index", "sheet"];
    },

    draw() {
        const places = selection();
        const given = state.image === null ? -1 : block("index").values.indexOf(state.image);
        const place = given >= 0 ? given : places[0] ?? 0;
        const label = block("label").values[place];
        return [
            () => make("section", {},
                make("h2", {}, `Image ${block("index").values[place]}: ${categories[label]}`),
                state.image !== null && given < 0 ? nothing(`Image ${state.image} is not on this page.`) : null,
                make("div", { class: "decision" },
                    thumbnail(place, categories[label], { class: "image large" }),
                    make("div", {}, about.models.map((model) => make("p", {}, verdict(model, place, label))))),
                sideBySideAll((model) => decisionBars(model, place, label))),
            () => make("section", {},
                make("h2", {}, "What it activates"),
                make("p", {}, `Activations with its true label drawn in (BP: of the image as it is); in blue the ensemble of ${categories[label]}.`),
                sideBySideAll((model) => activationMaps(model, place, label))),
            () => make("section", {},
                make("h2", {}, "Other images"),
                ...filter(places)),
            () => make("section", {}, scoreTable(place)),
        ];
    },
};

const predictionOf = (key, place) => block(`${key}/prediction`).values[place];

/** Return the places of the images that the filter lets through, first those with activations. */
function selection() {
    const { model, truth, predicted, which } = state;
    const labels = block("label").values;
    const fits = (place) => {
        const [label, guess] = [labels[place], predictionOf(model, place)];
        return (which === "all" || (which === "wrong") === (label !== guess))
            && (truth === null || truth === label) && (predicted === null || predicted === guess);
    };
    const index = block("index").values;
    const bare = (place) => place >= about.images.kept;
    return d3.sort(d3.range(labels.length).filter(fits), bare, (place) => index[place]);
}

function sideBySideAll(draw) {
    return make("div", { class: "models" }, about.models.map((model) =>
        make("div", { class: model.key === state.model ? "model chosen" : "model" },
            make("h3", { style: `--model: ${colours.models[model.key]}` }, model.name),
            draw(model))));
}

/** Say what a model makes of an image, and which of its layers decide. */
function verdict(model, place, label) {
    const guess = predictionOf(model.key, place);
    const rows = decision(model.key, place);
    const sum = (k) => d3.sum(rows, ({ probabilities }) => probabilities[k]);
    const said = `${model.name} says ${categories[guess]}`;
    if (guess === label) return `${said}, which is right (${sum(guess).toFixed(2)} of ${rows.length}).`;
    const against = model.score.rows.filter((_, i) => rows[i].scores[guess] > rows[i].scores[label]);
    return `${said}, which is wrong: its probabilities add up to ${sum(guess).toFixed(2)}, those of `
        + `${categories[label]} to ${sum(label).toFixed(2)}. Larger for ${categories[guess]}: `
        + `${against.join(", ").toLowerCase() || "none"}.`;
}

function decisionBars(model, place, label) {
    const rows = decision(model.key, place);
    const sum = (k) => d3.sum(rows, ({ probabilities }) => probabilities[k]);
    const guess = predictionOf(model.key, place);
    const all = d3.range(categories.length);
    const shown = all.length > BARS ? d3.sort(all, (k) => -sum(k)).slice(0, BARS) : all;
    if (!shown.includes(label)) shown.push(label);
    const parts = d3.cross(shown, d3.range(rows.length));
    const mark = (k) => (k === label ? `✓ ${categories[k]}` : k === guess ? `✗ ${categories[k]}` : categories[k]);
    return figure(
        `Probability of each label, ${rows.length > 1 ? "summed over the layers" : "from the head"}`,
        Plot.plot({
            width: 340, marginLeft: nameMargin() + 14, height: 16 * shown.length + 60,
            x: { domain: [0, rows.length], label: "Sum of probabilities" },
            y: { domain: shown, label: null, tickFormat: mark },
            color: { domain: model.score.rows, range: rows.length > 1 ? colours.layers : [colours.models[model.key]], legend: rows.length > 1 },
            ariaLabel: `${model.name}: probability of each label by ${model.score.rows.join(", ")}`,
            marks: [
                Plot.barX(parts, {
                    x: ([k, row]) => rows[row].probabilities[k], y: ([k]) => k, fill: ([, row]) => model.score.rows[row],
                    title: ([k, row]) => `${categories[k]}, ${model.score.rows[row]}: ${model.score.name.toLowerCase()} ${number(rows[row].scores[k])}, probability ${rows[row].probabilities[k].toFixed(3)}`,
                }),
                Plot.ruleX([0]),
            ],
        }));
}

function activationMaps(model, place, label) {
    if (place >= about.images.kept) {
        return nothing(`This page holds activations of ${about.images.kept.toLocaleString("en")} images, and not of this one.`);
    }
    return make("div", { class: "layers" }, model.layers.map(({ units }, i) => {
        const layer = i + 1;
        const kept = block(`${model.key}/${layer}/activations`);
        const value = (unit) => inSteps(kept, unit * about.images.kept + place);
        const found = ensembles(model.key, layer, state.factor);
        const own = found.members[label];
        const lit = own.filter((unit) => value(unit) > 0).length;
        return figure(
            `Layer ${layer}: ${lit} of ${own.length} units of its ensemble answer`,
            unitMap({
                label: `${model.name}, layer ${layer}: activations`, units, value, size: 160,
                inside: (unit) => found.active(label, unit),
                end: kept.step * 15,
                describe: (unit) => `Unit ${unit}: ${value(unit) ? `about ${number(value(unit))}` : "silent"}`,
                pick: (unit) => go({ view: "unit", model: model.key, layer, unit }),
            }));
    }));
}

/** Controls of the filter, and the images that it lets through. */
function filter(places) {
    const names = [["", "any"], ...categories.map((name, k) => [k, name])];
    const last = Math.max(0, Math.ceil(places.length / ON_A_PAGE) - 1);
    const page = Math.min(state.page, last);
    const turn = (step, text) => make("button", {
        disabled: page + step < 0 || page + step > last ? "" : undefined, onclick: () => go({ page: page + step }),
    }, text);
    const choose = (name, options, value) => make("label", {}, `${{ which: "Those", truth: "that are", predicted: "and are taken for" }[name]} `,
        choice(name, options, value));
    const labels = block("label").values;
    return [
        make("div", { class: "choices" },
            choose("which", [["wrong", `that ${models.get(state.model).name} classifies wrongly`], ["correct", "that it classifies correctly"], ["all", "all"]], state.which),
            choose("truth", names, state.truth ?? ""), choose("predicted", names, state.predicted ?? ""),
            make("span", {}, `${counted(places.length, "image")}, page ${page + 1} of ${last + 1} `, turn(-1, "←"), turn(1, "→"))),
        make("div", { class: "images" }, places.slice(page * ON_A_PAGE, (page + 1) * ON_A_PAGE).map((place) => {
            const guess = predictionOf(state.model, place);
            const label = labels[place];
            return thumbnail(place, label === guess ? categories[label] : `${categories[label]} → ${categories[guess]}`);
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
