// Time: ensembles as they form during training, where snapshots were kept.

const COMPLETE = 0.9; // similarity with the end, from which on an ensemble counts as complete
const NO_SNAPSHOTS = "No snapshots were kept of these runs: name their study under beyond.studies in "
    + "the config, and train again.";

const viewTime = {
    controls: ["layer", "category"],
    needs: () => followedModels().flatMap(({ key, layers }) =>
        [`${key}/${state.layer}/members`, ...layers.map((_, i) => `${key}/${i + 1}/similarity`), ...meansOf(key)]),

    draw() {
        const shown = followedModels();
        const { layer, category } = state;
        const title = make("h2", {}, `The ensemble of ${categories[category]} in time, layer ${layer}`);
        if (!shown.length) return [() => make("section", {}, title, nothing(NO_SNAPSHOTS))];
        const rows = shown.filter(({ key }) => hasImages(key, category)).flatMap(course);
        if (!rows.length) return [() => make("section", {}, title, shown.map((model) => noImages(model, category)))];
        return [
            () => make("section", {},
                title,
                make("p", {}, "When it becomes complete:"),
                shown.map((model) => make("p", {}, whenComplete(model))),
                make("p", { class: "small" }, "An ensemble is complete once it stays close to that at the end of training: the Jaccard index of "
                    + `the two, units in both divided by units in either, is ${COMPLETE} or more. Snapshots are of epochs 0, 1, 2, 4, 8, … and the last, `
                    + `of the images that are classified correctly at the end; the factor is always ${about.factor} here. `
                    + "Each layer of FF is trained by itself and counts its own epochs."),
                make("div", { class: "models" },
                    figure("Share of units in the ensemble", coursePlot(rows, "share", { tickFormat: "%", label: "Share of units" })),
                    figure("Similarity with the ensemble at the end (Jaccard index)",
                        coursePlot(rows, "similarity", { domain: [0, 1], label: "Jaccard index" })))),
            () => make("section", {},
                make("h2", {}, "Which units"),
                clock(shown),
                sideBySide(shown, membersMap)),
            () => make("section", {}, table("The ensemble in time", [
                ["Model", ({ name }) => name], ["Epoch", ({ epoch }) => epoch], ["Units", ({ size }) => size],
                ["Similarity with the end", ({ similarity }) => similarity],
            ], rows)),
        ];
    },
};

const followedModels = () => deepEnough().filter((model) => model.followed);

/** Return what became of the ensemble shown, a row for each snapshot. */
function course(model) {
    const { layer, category } = state;
    const { epochs, units } = model.layers[layer - 1];
    const members = block(`${model.key}/${layer}/members`);
    const similarity = similarities(model, layer);
    return epochs.map((epoch, e) => {
        const has = (unit) => bit(members, (e * categories.length + category) * units + unit);
        const size = d3.sum(d3.range(units), has);
        return { key: model.key, name: model.name, epoch, has, size, share: size / units, similarity: similarity[e] };
    });
}

/** Return the similarity of the category's ensemble with that at the end, at each snapshot. */
const similarities = (model, layer) => model.layers[layer - 1].epochs.map((_, e) =>
    block(`${model.key}/${layer}/similarity`).values[e * categories.length + state.category]);

/** Say of each layer when the category's ensemble was complete: between which two snapshots. */
function whenComplete(model) {
    const name = categories[state.category];
    if (!hasImages(model.key, state.category)) return `${model.name}: no image is classified correctly.`;
    const layers = model.layers.map(({ epochs }, i) => {
        const late = similarities(model, i + 1).findLastIndex((similarity) => !(similarity >= COMPLETE)) + 1;
        const at = (e) => (e === epochs.length - 1 ? `the end (${epochs[e]})` : epochs[e]);
        const when = late === epochs.length ? `never, as at the end no unit answers ${name} more than ${about.factor} times as much as the others do on average`
            : late ? `between epoch ${epochs[late - 1]} and ${at(late)}` : "from the beginning";
        return `layer ${i + 1} ${when}`;
    });
    return `${model.name}: ${layers.join("; ")}.`;
}

function coursePlot(rows, value, y) {
    const names = about.models.map(({ name }) => name);
    return Plot.plot({
        width: 420, height: 260,
        x: { type: "symlog", label: "Epoch", ticks: d3.union(rows.map(({ epoch }) => epoch)), tickFormat: (epoch) => (Math.log2(epoch) % 2 === 0 || epoch === 0 ? epoch : "") },
        y: { grid: true, zero: true, ...y },
        color: { domain: names, range: about.models.map(({ key }) => colours.models[key]), legend: true },
        ariaLabel: `${y.label} by epoch, a line for each model`,
        marks: [
            Plot.ruleX([epochShown(rows)], { strokeDasharray: "4 3", strokeOpacity: 0.5 }),
            Plot.lineY(rows, { x: "epoch", y: value, stroke: "name" }),
            Plot.dot(rows, { x: "epoch", y: value, fill: "name", title: (row) => `${row.name}, epoch ${row.epoch}: ${counted(row.size, "unit")}, similarity ${number(row.similarity)}` }),
        ],
    });
}

const epochsOf = (shown) => d3.sort(d3.union(...shown.map((model) => model.layers[state.layer - 1].epochs)));
const epochShown = (rows) => state.epoch ?? d3.max(rows, ({ epoch }) => epoch);

/** A slider over the snapshots of all models. */
function clock(shown) {
    const epochs = epochsOf(shown);
    const place = state.epoch === null ? epochs.length - 1 : Math.max(0, d3.bisectRight(epochs, state.epoch) - 1);
    return make("label", {}, "Epoch ", make("input", {
        type: "range", min: 0, max: epochs.length - 1, value: place, "aria-valuetext": epochs[place],
        oninput: ({ target }) => go({ epoch: epochs[target.value] }),
    }), ` ${epochs[place]}; of each model the latest snapshot until then`);
}

/** The units of the ensemble at the epoch shown: dark blue those that stay, light those that leave. */
function membersMap(model) {
    if (!hasImages(model.key, state.category)) return noImages(model, state.category);
    const rows = course(model);
    const now = rows.findLast(({ epoch }) => epoch <= epochShown(rows)) ?? rows[0];
    const end = rows.at(-1);
    const units = model.layers[state.layer - 1].units;
    const kinds = { stays: colours.active, leaves: "#e69f00", comes: dark.matches ? "#555555" : "#d0d0d0", never: dark.matches ? NIGHT : "#ffffff" };
    const shades = Object.fromEntries(Object.entries(kinds).map(([kind, colour]) => [kind, d3.rgb(colour)]));
    const kind = (unit) => (now.has(unit) ? (end.has(unit) ? "stays" : "leaves") : end.has(unit) ? "comes" : "never");
    const words = { stays: "in it, and at the end", leaves: "in it, not at the end", comes: "at the end only", never: "neither" };
    return [
        figure(`Snapshot of epoch ${now.epoch}: ${counted(now.size, "unit")}`, grid({
            label: `${model.name}: units of the ensemble at epoch ${now.epoch}`,
            columns: square(units), cells: units, size: 240,
            colour: (unit) => shades[kind(unit)],
            describe: (unit) => `Unit ${unit}: ${words[kind(unit)]}`,
            pick: (unit) => go({ view: "unit", model: model.key, unit }),
        })),
        legend(["stays", "leaves", "comes"].map((name) => [words[name], kinds[name]])),
    ];
}
