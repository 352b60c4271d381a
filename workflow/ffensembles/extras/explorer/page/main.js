// The page as a whole: its controls, and what is drawn when the state changes.

const views = { ensembles: viewEnsembles, unit: viewUnit, image: viewImage, time: viewTime };
const controls = document.getElementById("controls");
const view = document.getElementById("view");

/** A list to choose from, which sets a part of the state. */
function choice(name, options, value, label) {
    const select = make("select", {
        name, "aria-label": label,
        onchange: () => go({ [name]: select.value === "" ? null : rules()[name](select.value) }),
    }, options.map(([key, text]) => make("option", { value: key }, text)));
    select.value = value;
    return select;
}

const MODELS = about.models.map(({ key, name }) => [key, name]);

/** A list of the models, which says whose units or images are listed. */
const chooseModel = (text) => make("label", {}, text, choice("model", MODELS, state.model));

const PATIENCE = 50; // milliseconds of drawing, after which what is there is shown first

/** Draw what the state says, section after section; what it becomes meanwhile is drawn instead. */
async function render() {
    const drawn = state;
    showControls();
    const shown = views[state.view];
    await Promise.all(shown.needs().map(unpack));
    if (drawn !== state) return;
    const focused = document.activeElement;
    const place = view.contains(focused) ? focusables().indexOf(focused) : -1;
    const sections = shown.draw();
    let seen = performance.now();
    for (const [i, section] of sections.entries()) {
        const there = view.children[i];
        if (section.what !== undefined && section.what === there?.what) continue;
        if (performance.now() - seen > PATIENCE) {
            await new Promise((shown) => requestAnimationFrame(() => setTimeout(shown)));
            if (drawn !== state) return;
            seen = performance.now();
        }
        const element = Object.assign(section(), { what: section.what });
        if (there) there.replaceWith(element);
        else view.append(element);
    }
    while (view.children.length > sections.length) view.lastChild.remove();
    // What had the focus is another element now, in the same place.
    if (place >= 0 && !focused.isConnected) focusables()[place]?.focus({ preventScroll: true });
    document.getElementById("save-table").disabled = !view.querySelector(".scroll");
    view.dataset.shown = toAddress(state);
}

/** Scroll to a place, or to the top of the view where that is out of sight. */
function comeTo(place) {
    const header = document.querySelector("header");
    const stays = header.offsetHeight || header.firstElementChild.offsetHeight; // on a telephone only the tabs
    scrollTo(0, place ?? Math.min(scrollY, view.offsetTop - stays));
}

const focusables = () => [...view.querySelectorAll("a, button, select, input, [tabindex]")];

function showControls() {
    const depth = models.get(state.model).layers.length;
    const lists = {
        model: MODELS,
        layer: d3.range(1, depth + 1).map((layer) => [layer, layer]),
        category: categories.map((name, k) => [k, name]),
    };
    for (const [name, options] of Object.entries(lists)) {
        const select = controls.elements[name];
        if (select.length !== options.length) {
            select.replaceChildren(...options.map(([key, text]) => make("option", { value: key }, text)));
        }
        select.value = state[name];
    }
    for (const control of controls.elements) {
        if (control.name) control.parentElement.hidden = !views[state.view].controls.includes(control.name);
    }
    controls.elements.factor.value = state.factor;
    document.getElementById("definition").textContent = `x̄ > ${number(state.factor)} · LOO`;
    for (const tab of document.querySelectorAll("[role=tab]")) {
        const chosen = tab.dataset.view === state.view;
        tab.setAttribute("aria-selected", chosen);
        tab.tabIndex = chosen ? 0 : -1;
        if (chosen) view.setAttribute("aria-labelledby", tab.id);
    }
}

controls.addEventListener("input", ({ target }) => go({ [target.name]: rules()[target.name](target.value) }));
controls.addEventListener("submit", (event) => event.preventDefault());

const tabs = [...document.querySelectorAll("[role=tab]")];
for (const [place, tab] of tabs.entries()) {
    tab.addEventListener("click", () => go({ view: tab.dataset.view }));
    tab.addEventListener("keydown", ({ key }) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[key];
        if (step) {
            const next = tabs[(place + step + tabs.length) % tabs.length];
            next.focus();
            next.click();
        }
    });
}

/** Let a person save a text as a file. */
function save(name, type, text) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    make("a", { href: address, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(address), 1000);
}

/** What files are called: dataset, view, model, layer and category. */
const fileName = () => [about.dataset, state.view, state.model, `layer${state.layer}`, categories[state.category]]
    .join("-").replaceAll(/[^\p{L}\p{N}.-]+/gu, "_");

document.getElementById("save-table").addEventListener("click", () => {
    const { columns, rows } = saved.get(view.querySelector(".scroll"));
    const plain = (value) => value?.textContent ?? value ?? "";
    const lines = [columns.map(([name]) => name), ...rows.map((row) => columns.map(([, of]) => plain(of(row))))];
    save(`${fileName()}.csv`, "text/csv", d3.csvFormatRows(lines));
});

document.getElementById("save-picture").addEventListener("click", () => save(`${fileName()}.svg`, "image/svg+xml", asPicture(view)));

/** Return all drawings of an element as one SVG, each where it stands, with titles. */
function asPicture(element) {
    const frame = element.getBoundingClientRect();
    const inside = [...element.querySelectorAll(":is(figure, .decision) canvas, figure svg, .bar, h2, h3, figcaption, figure :is(th, td, li)")];
    const parts = inside.map((part) => {
        const box = part.getBoundingClientRect();
        const [x, y] = [box.left - frame.left, box.top - frame.top];
        if (part instanceof SVGSVGElement) {
            const copy = part.cloneNode(true);
            for (const [name, value] of Object.entries({ x, y, width: box.width, height: box.height })) {
                copy.setAttribute(name, value);
            }
            return new XMLSerializer().serializeToString(copy);
        }
        if (part instanceof HTMLCanvasElement) {
            const place = `x="${x}" y="${y}" width="${box.width}" height="${box.height}"`;
            return `<image href="${part.toDataURL()}" ${place} preserveAspectRatio="none" style="image-rendering: pixelated"/>`
                + `<rect ${place} fill="none" stroke="#888" stroke-width="0.5"/>`;
        }
        const style = getComputedStyle(part);
        if (part.matches(".bar")) return `<rect x="${x}" y="${y}" width="${box.width}" height="${box.height}" fill="${style.backgroundColor}"/>`;
        const text = make("text", {}, part.textContent).innerHTML;
        return `<text x="${x}" y="${y + box.height * 0.8}" font-size="${style.fontSize}" font-weight="${style.fontWeight}" `
            + `fill="${style.getPropertyValue("--swatch") || style.color}">${text}</text>`;
    });
    const { color, backgroundColor } = getComputedStyle(document.body);
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${frame.width}" height="${frame.height}" `
        + `fill="${color}" style="color: ${color}; background: ${backgroundColor}" font-family="sans-serif">${parts.join("\n")}</svg>`;
}

document.getElementById("copy-address").addEventListener("click", async () => {
    const said = document.getElementById("said");
    try {
        await navigator.clipboard.writeText(location.href);
        said.textContent = "The address was copied.";
    } catch {
        said.textContent = "Copy it from the address bar: this page may not.";
    }
});

document.getElementById("words").textContent = about.models.map(({ summary }) => `${summary} `).join("")
    + "x̄ is a unit’s mean activation over the correctly classified test images of a category; LOO (leave one out) "
    + "is the mean of x̄ over all other units of the layer. A category’s ensemble is made of the units with x̄ > "
    + `${about.factor} · LOO; the factor can be changed. Selectivity is 1 for a unit that answers to one category `
    + "alone, 0 for one that answers to all alike.";

document.getElementById("source").textContent =
    `Shown is one run of each model, that of seed ${about.seed}, of the study “${about.study}” in the table of experiments. `
    + `The page holds ${thousands(about.images.here)} of ${thousands(about.images.all)} test images, and the activations `
    + `of ${thousands(about.images.kept)} of them. Means are of all test images that are classified correctly.`;

// Back, Forward, and an address that a person edits.
addEventListener("popstate", async ({ state: place }) => {
    state = fromAddress(location.hash);
    await render();
    comeTo(place);
});
history.scrollRestoration = "manual"; // what is shown is not there yet when the browser would scroll
addEventListener("pagehide", keepPlace);
dark.addEventListener("change", render);
state = fromAddress(location.hash);
render().then(() => comeTo(history.state)).then(unpackAhead);

/** Unpack what the other views need, block by block, before someone turns to them. */
async function unpackAhead() {
    for (const name of Object.values(views).flatMap((other) => other.needs())) {
        await new Promise((rested) => setTimeout(rested));
        await unpack(name);
    }
}
