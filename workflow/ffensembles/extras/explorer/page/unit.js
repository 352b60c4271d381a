// A unit: what it answers to, what it sees, the images that drive it most.

const viewUnit = {
    controls: ["model", "layer", "category", "factor"],

    needs() {
        const key = `${state.model}/${state.layer}`;
        const seen = seesPixels() ? ["incoming", "reach"] : [];
        const parts = ["means", "sums", "top", ...seen].map((part) => `${key}/${part}`);
        return [...parts, "label", "index", `${state.model}/prediction`, "sheet"];
    },

    draw() {
        const model = models.get(state.model);
        const found = ensembles(model.key, state.layer, state.factor);
        const order = sorted(found, state.sort);
        const unit = state.unit ?? strongestUnit(found, order);
        return [
            () => make("section", {},
                make("h2", {}, `Unit ${unit} of ${model.name}, layer ${state.layer}`),
                make("p", {}, membership(found, unit)),
                make("div", { class: "picked" },
                    make("div", {}, unitPicker(model, found, order, unit)),
                    make("div", {},
                        meanBars(found, unit),
                        make("div", { class: "models" }, incoming(model, unit), strongest(model, unit))))),
            () => make("section", {}, meanTable(found, unit)),
        ];
    },
};

/** The unit that answers most to the category shown: where none was chosen. */
const strongestUnit = ({ mean }, units) => units[d3.maxIndex(units, (unit) => mean(state.category, unit))] ?? units[0];

/** Return the units in an order. */
function sorted(found, sort) {
    const units = d3.range(found.n);
    const mean = (unit) => d3.mean(categories, (_, k) => found.mean(k, unit)) ?? 0;
    const own = new Map(units.map((unit) => [unit, preferred(found, unit)]));
    const most = (unit) => (own.get(unit) < 0 ? 0 : found.mean(own.get(unit), unit));
    const by = {
        number: () => units,
        category: () => d3.sort(units, (a, b) => own.get(a) - own.get(b) || most(b) - most(a)),
        mean: () => d3.sort(units, (unit) => -mean(unit)),
        selectivity: () => d3.sort(units, (unit) => -selectivity(found, unit)),
        ensembles: () => d3.sort(units, (unit) => -found.categories[unit].length),
    };
    return by[sort]();
}

function unitPicker(model, found, order, unit) {
    const { category } = state;
    const has = hasImages(model.key, category);
    const value = (u) => (has ? found.mean(category, u) : 0);
    return [
        make("div", { class: "choices" },
        make("label", {}, "Units sorted by ", choice("sort", Object.entries(SORTS), state.sort)),
        state.sort === "number" ? null : make("span", {}, "(first: ", link(`unit ${order[0]}`, { unit: order[0] }), `${tie(found, order)})`),
        make("label", {}, "or number ", make("input", {
            type: "number", name: "unit", min: 0, max: found.n - 1, value: unit,
            onchange: ({ target }) => go({ unit: rules().unit(target.value) }),
        }))),
        has ? figure(`All units, their x̄ for ${categories[category]}; its ensemble in blue`, unitMap({
            label: `Units of layer ${state.layer}, sorted by ${SORTS[state.sort]}`,
            units: found.n, order, value, chosen: unit,
            tone: (u) => (found.active(category, u) ? "blue" : "grey"),
            end: fullColour(order.map(value)),
            describe: (u) => describeUnit(model, found, u),
            pick: (u) => go({ unit: u }),
        })) : noImages(model, category),
    ];
}

/** Say how many units come first together, of those sorted by the number of their ensembles. */
function tie({ categories: ofUnit }, order) {
    const first = order.findLastIndex((unit) => ofUnit[unit].length === ofUnit[order[0]].length) + 1;
    return state.sort === "ensembles" && first > 1 ? `; the first ${thousands(first)} are in equally many` : "";
}

/** Say in which ensembles a unit is. */
function membership(found, unit) {
    const inside = found.categories[unit];
    const names = inside.map((k) => categories[k]).join(", ");
    return inside.length
        ? `It is in ${inside.length} of ${categories.length} ensembles: ${names}. Selectivity ${number(selectivity(found, unit))}.`
        : `It is in no ensemble under the factor ${number(state.factor)}.`;
}

const BARS = 30; // categories with bars at most

function meanBars(found, unit) {
    const all = d3.range(categories.length).filter((k) => !isNaN(found.mean(k, unit)));
    const most = categories.length > BARS ? d3.sort(all, (k) => -found.mean(k, unit)).slice(0, BARS) : all;
    if (!most.length) return nothing("No test image is classified correctly.");
    const inside = (k) => found.active(k, unit);
    return figure(
        "Mean activation x̄ by category; ensembles it is in are blue; the line is what x̄ must exceed"
        + (most.length < all.length ? `; the ${BARS} largest of ${all.length}` : ""),
        Plot.plot({
            width: 480, marginLeft: nameMargin(), height: 18 * most.length + 50,
            x: { label: "Activation", nice: true, grid: true }, y: { label: null, domain: most, tickFormat: (k) => categories[k] },
            ariaLabel: `Mean activation of unit ${unit} by category`,
            marks: [
                Plot.barX(most, {
                    x: (k) => found.mean(k, unit), y: (k) => k,
                    fill: (k) => (inside(k) ? colours.active : colours.inactive),
                    title: (k) => `${categories[k]}: x̄ ${number(found.mean(k, unit))}, LOO ${number(found.loo(k, unit))}`,
                }),
                Plot.tickX(most, { x: (k) => state.factor * found.loo(k, unit), y: (k) => k, stroke: colours.highlight, strokeWidth: 2 }),
                Plot.ruleX([0]),
            ],
        }));
}

function meanTable(found, unit) {
    return table(`Unit ${unit}: mean activations`, [
        ["Category", (k) => link(categories[k], { view: "ensembles", category: k })],
        ["x̄", (k) => found.mean(k, unit)],
        ["LOO", (k) => found.loo(k, unit)],
        ["x̄ / LOO", (k) => found.mean(k, unit) / found.loo(k, unit)],
        ["In the ensemble", (k) => (isNaN(found.mean(k, unit)) ? "no correct images" : found.active(k, unit) ? "yes" : "no")],
    ], d3.range(categories.length), (k) => k === state.category);
}

/** Whether the units of the layer shown have a weight for each pixel. */
function seesPixels() {
    return state.layer === 1 && `${state.model}/1/incoming` in about.blocks;
}

/** The incoming weights as a picture: one channel in red and blue, colours as their sum in RGB. */
function incoming(model, unit) {
    if (state.layer > 1) return nothing(`Layer ${state.layer} sees the units of layer ${state.layer - 1}, no pixels.`);
    if (!seesPixels()) return nothing(`A unit of ${model.name} has not one weight for each pixel.`);
    const weights = block(`${model.key}/1/incoming`);
    const [, channels, height, width] = weights.shape;
    const reach = block(`${model.key}/1/reach`).values[unit];
    const at = (channel, pixel) => inSteps(weights, (unit * channels + channel) * height * width + pixel);
    const colour = d3.scaleSequential(d3.interpolateRdBu).domain([1, -1]);
    const shade = channels === 3
        ? (pixel) => d3.rgb(...[0, 1, 2].map((channel) => 127.5 * (1 + at(channel, pixel))))
        : (pixel) => d3.rgb(colour(at(0, pixel)));
    return figure(
        `Incoming weights: ${channels === 3 ? "grey is 0, channels are" : "red above 0, blue below;"} `
            + `in full colour from ±${number(reach)} on`,
        Object.assign(picture(width, height, shade), {
            className: "weights", role: "img", ariaLabel: `Incoming weights of unit ${unit}, one pixel for each of the image`,
        }));
}

/** The images that drive a unit most. */
function strongest(model, unit) {
    const { values, shape: [, count] } = block(`${model.key}/${state.layer}/top`);
    const places = [...values.subarray(unit * count, (unit + 1) * count)].filter((place) => place < about.images.here);
    const few = about.images.here < about.images.all ? `, of the ${thousands(about.images.here)} on this page` : "";
    return figure(
        `The images that drive it most${few}`,
        places.length ? make("div", { class: "images" }, places.map((place) =>
            thumbnail(place, categories[block("label").values[place]])))
            : nothing("No image drives it at all."));
}
