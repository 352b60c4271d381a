// What is shown: a state, which is also the address of the page.

const VIEWS = ["ensembles", "unit", "image", "time"];
const SORTS = {
    number: "number", category: "category they prefer", mean: "mean activation",
    selectivity: "selectivity", ensembles: "number of ensembles",
};

/** Return what an address may say about each part of the state, and what stands where it does not. */
function rules() {
    const whole = (low, high, otherwise) => (text) => {
        const number = Number(text);
        const sound = text !== "" && Number.isInteger(number) && number >= low && number <= high;
        return sound ? number : otherwise;
    };
    const one = (values, otherwise) => (text) => (values.includes(text) ? text : otherwise);
    const last = categories.length - 1;
    return {
        view: one(VIEWS, "ensembles"),
        model: one([...models.keys()], about.models[0].key),
        layer: whole(1, Math.max(...about.models.map((model) => model.layers.length)), 1),
        category: whole(0, last, 0),
        factor: (text) => (Number(text) >= 1.2 && Number(text) <= 5 ? Number(text) : about.factor),
        other: whole(0, last, null), // the second category of a pair
        unit: whole(0, Infinity, null),
        sort: one(Object.keys(SORTS), "number"),
        image: whole(0, about.images.all - 1, null), // its place in the test set
        truth: whole(0, last, null),
        predicted: whole(0, last, null),
        which: one(["wrong", "correct", "all"], "wrong"),
        page: whole(0, Infinity, 0),
        epoch: whole(0, Infinity, null),
    };
}

let state = {};

/** Read the state off an address such as #layer=2&category=5&unit=317. */
function fromAddress(hash) {
    const given = new URLSearchParams(hash.replace(/^#/, ""));
    if (!given.has("view")) {
        const view = ["image", "unit"].find((name) => given.has(name));
        if (view) given.set("view", view);
    }
    const read = Object.entries(rules()).map(([name, rule]) => [name, rule(given.get(name) ?? "")]);
    return sound(Object.fromEntries(read));
}

/** Bring together what does not go together: a layer or a unit that a model does not have. */
function sound(next) {
    const { layers } = models.get(next.model);
    const layer = Math.min(next.layer, layers.length);
    const unit = next.unit !== null && next.unit >= layers[layer - 1].units ? null : next.unit;
    return { ...next, layer, unit };
}

/** Write the state as an address: what differs from where nothing is said. */
function toAddress(shown) {
    const usual = Object.fromEntries(Object.entries(rules()).map(([name, rule]) => [name, rule("")]));
    const said = Object.entries(shown).filter(([name, value]) => value !== null && value !== usual[name]);
    return `#${new URLSearchParams(said)}`;
}

/** Change the state and show it; another view starts at its top, and Back leads to where one was. */
async function go(changes) {
    const next = sound({ ...state, ...changes });
    const turns = next.view !== state.view;
    if (turns) keepPlace();
    state = next;
    history[turns ? "pushState" : "replaceState"](turns ? null : history.state, "", toAddress(state));
    await render();
    if (turns) comeTo(null);
}

/** Remember in the browser's history how far down a person is. */
const keepPlace = () => history.replaceState(scrollY, "");
