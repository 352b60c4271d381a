// Time: ensembles as they form during training, where snapshots were kept.

const COMPLETE = 0.9; // similarity with the end, from which on an ensemble counts as complete
const NO_SNAPSHOTS = "No snapshots were kept of these runs: name their study under beyond.studies in "
    + "the config, and train again.";

const viewTime = {
    controls: ["layer", "category"],
    needs: () => followedModels().flatMap(({ key }) =>
        ["members", "similarity"].map((part) => `${key}/${state.layer}/${part}`).concat(meansOf(key))),

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
                shown.map((model) => make("p", {}, whenComplete(model))),
                make("p", { class: "small" }, "Snapshots are of epochs 0, 1, 2, 4, 8, … and the last, of the images that are classified correctly "
                    + `in the end, with the paper’s factor ${about.factor}. Complete is an ensemble from the first snapshot on from which its `
                    + `similarity with the end stays at ${COMPLETE} or more. Each layer of FF is trained by itself and counts its own epochs.`),
                make("div", { class: "models" },
                    figure("Share of units in the ensemble", coursePlot(rows, "share", { tickFormat: "%", label: "Share of units" })),
                    figure("Similarity with the ensemble at the end (Jaccard index)",
                        coursePlot(rows, "similarity", { domain: [0, 1], label: "Jaccard index" })))),
            () => make("section", {},
                make("h2", {}, "Which units"),
                clock(shown),
                make("div", { class: "models" }, shown.map((model) => membersMap(model)))),
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
    const { values } = block(`${model.key}/${layer}/similarity`);
    const K = categories.length;
    return epochs.map((epoch, e) => {
        const has = (unit) => bit(members, (e * K + category) * units + unit);
        const size = d3.sum(d3.range(units), has);
        return { key: model.key, name: model.name, epoch, has, size, share: size / units, similarity: values[e * K + category] };
    });
}

/** Say when the ensemble shown was complete: between which two snapshots. */
function whenComplete(model) {
    if (!hasImages(model.key, state.category)) return `${model.name}: no image is classified correctly.`;
    const rows = course(model);
    const late = rows.findLastIndex(({ similarity }) => !(similarity >= COMPLETE)) + 1;
    if (late >= rows.length) return `${model.name}: empty in the end.`;
    const size = counted(rows.at(-1).size, "unit");
    if (!late) return `${model.name}: complete from the beginning, ${size}.`;
    return `${model.name}: complete by epoch ${rows[late].epoch} of ${rows.at(-1).epoch} (not yet at ${rows[late - 1].epoch}), ${size}.`;
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
    }), ` ${epochs[place]}`);
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
    return make("div", { class: "model" },
        make("h3", { style: `--model: ${colours.models[model.key]}` }, model.name),
        figure(`Epoch ${now.epoch}: ${counted(now.size, "unit")}`, grid({
            label: `${model.name}: units of the ensemble at epoch ${now.epoch}`,
            columns: square(units), cells: units, size: 240,
            colour: (unit) => shades[kind(unit)],
            describe: (unit) => `Unit ${unit}: ${words[kind(unit)]}`,
            pick: (unit) => go({ view: "unit", model: model.key, unit }),
        })),
        legend(["stays", "leaves", "comes"].map((name) => [words[name], kinds[name]])));
}
