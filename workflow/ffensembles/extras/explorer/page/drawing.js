// What the views are put together from: elements, pictures of numbers, grids to point at, tables.

const dark = matchMedia("(prefers-color-scheme: dark)");
const colours = about.colours;

/** Make an element; properties that start with "on" listen, what is undefined is left out. */
const make = (tag, properties = {}, ...children) => complete(document.createElement(tag), properties, children);

/** Make an element of SVG. */
const makeSvg = (tag, properties = {}, ...children) =>
    complete(document.createElementNS("http://www.w3.org/2000/svg", tag), properties, children);

function complete(element, properties, children) {
    for (const [name, value] of Object.entries(properties)) {
        if (value === undefined) continue;
        if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
        else element.setAttribute(name, value);
    }
    element.append(...children.flat().filter((child) => child !== null));
    return element;
}

const [percent, thousands, digits] = [".1%", ",.0f", ".3g"].map(d3.format);

/** Write a number as a person reads it: a count as it is, others with three digits. */
function number(value) {
    if (isNaN(value)) return "–";
    return (Number.isInteger(value) || Math.abs(value) >= 1000 ? thousands : digits)(value);
}

const counted = (count, word) => `${thousands(count)} ${word}${count === 1 ? "" : "s"}`;

const TONES = {
    blue: colours.blues, orange: ["#ffffff", ...d3.schemeOranges[9].slice(1)], grey: ["#ffffff", "#bbbbbb", "#777777", "#333333"],
};
const NIGHT = "#16181b"; // the page in the dark

const palettes = new Map(); // what `palette` has returned: a view draws dozens of maps

/** Return 256 colours of a tone, from nothing to full; in the dark from dark to light. */
function palette(tone) {
    const key = `${tone} ${dark.matches}`;
    if (!palettes.has(key)) {
        const steps = TONES[tone];
        const shown = dark.matches ? [NIGHT, ...[...steps].reverse().slice(tone === "grey" ? 1 : 2)] : steps;
        palettes.set(key, d3.quantize(d3.interpolateRgbBasis(shown), 256).map((colour) => d3.rgb(colour)));
    }
    return palettes.get(key);
}

/** Return a colour scale from 0 to `end`; blue is the figures'. */
function shades(end, tone = "blue") {
    const colours = palette(tone);
    return (value) => colours[Math.round(255 * Math.min(1, Math.max(0, value / end)))];
}

/** Return a picture of one pixel per number. */
function picture(width, height, colour) {
    const canvas = make("canvas", { width, height });
    const image = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
        const shade = colour(i);
        if (shade) image.data.set([shade.r, shade.g, shade.b, 255], 4 * i);
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
}

/**
 * A grid of cells to point at, with the mouse, a finger or the arrow keys.
 *
 * `colour(cell)` is that of a cell, row by row; `describe(cell)` says what is there; `pick(cell)` is
 * called for the one that was clicked on, or on which Enter was pressed; `marked` are cells to
 * frame; `marks` is further SVG over it, in which a cell is 1 wide and 1 high; `size` and `room` are
 * the width of the grid and the room beside and above it, in pixels; `cell` is what a cell stands for.
 */
function grid({ label, cell: word = "unit", columns, cells, colour, describe, pick, marked = [], marks = [], size = 280, room = 0 }) {
    const rows = Math.ceil(cells / columns);
    const map = picture(columns, rows, (cell) => (cell < cells ? colour(cell) : null));
    const frames = marked.map((cell) => makeSvg("rect", {
        x: cell % columns, y: Math.floor(cell / columns), width: 1, height: 1,
        fill: "none", stroke: colours.highlight, "stroke-width": 2, "vector-effect": "non-scaling-stroke",
    }));
    let cursor = marked[0] ?? 0;
    const said = make("output", { class: "said", "aria-live": "polite" },
        marked.length ? describe(cursor) : `Point at a ${word} …`);
    const cellAt = (event) => {
        const box = map.getBoundingClientRect();
        const column = Math.floor((columns * (event.clientX - box.left)) / box.width);
        const row = Math.floor((rows * (event.clientY - box.top)) / box.height);
        const cell = row * columns + column;
        return column >= 0 && column < columns && row >= 0 && cell < cells ? cell : null;
    };
    const move = (cell) => {
        if (cell === null || cell < 0 || cell >= cells) return;
        cursor = cell;
        said.textContent = describe(cell);
    };
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
    return make("div", {
        class: "grid", tabindex: 0, role: "img", style: `width: ${room + size}px; padding: ${room}px 0 0 ${room}px`,
        "aria-label": `${label}. Arrow keys move, Enter chooses.`,
        onpointermove: (event) => move(cellAt(event)),
        onclick: (event) => {
            const cell = cellAt(event);
            if (cell !== null) pick(cell);
        },
        onkeydown: (event) => {
            if (event.key === "Enter") pick(cursor);
            else if (event.key in steps) move(cursor + steps[event.key]);
            else return;
            event.preventDefault();
        },
    },
    make("div", { class: "map" },
        map, makeSvg("svg", { viewBox: `0 0 ${columns} ${rows}`, overflow: "visible" }, ...marks, ...frames)),
    said);
}

/** Return how many columns units are arranged in: those of the smallest square, as in Figure 1. */
const square = (units) => Math.ceil(Math.sqrt(units));

/**
 * The units of a layer as a grid: `value(unit)` in the tone of the unit, full from `end`.
 * `order` are the units as they stand in the grid.
 */
function unitMap({ label, units, value, tone, end, order, pick, describe, chosen = null, size }) {
    const cells = order ?? d3.range(units);
    const scales = Object.fromEntries(Object.keys(TONES).map((name) => [name, shades(end, name)]));
    return grid({
        label, columns: square(units), cells: units, size,
        colour: (cell) => scales[tone(cells[cell])](value(cells[cell])),
        describe: (cell) => describe(cells[cell]),
        pick: (cell) => pick(cells[cell]),
        marked: chosen === null ? [] : [cells.indexOf(chosen)],
    });
}

/** A section that is drawn anew only where `what`, all that it shows, has changed. */
const lasting = (what, draw) => Object.assign(draw, { what: JSON.stringify([state.view, dark.matches, ...what]) });

/** Room for the names of the categories beside a drawing. */
const nameMargin = () => 14 + 7 * Math.min(16, d3.max(categories, (name) => name.length));

/** A figure: a drawing under its title. */
const figure = (title, ...drawing) =>
    make("figure", {}, make("figcaption", {}, title), ...drawing);

/** What colours stand for: [[name, colour], …]. */
const legend = (entries) => make("ul", { class: "legend" }, entries.map(([name, colour]) =>
    make("li", { style: `--swatch: ${colour}` }, name)));

/** Where there is nothing to show, why. */
const nothing = (why) => make("p", { class: "nothing" }, why);

const LONG = 60; // rows of a table that are shown; the file has all

/**
 * A table of rows: [[heading, row => cell], …]; a cell is text, a number or an element. The first
 * one of a view is that which its button saves.
 */
function table(title, columns, rows, marked = () => false) {
    const cell = (value) => {
        const shown = typeof value === "number" ? number(value) : value;
        return make("td", { class: typeof value === "number" ? "number" : undefined }, shown ?? "–");
    };
    const left = rows.length - LONG;
    const element = make("div", { class: "scroll" },
        make("table", {},
            make("caption", {}, title),
            make("thead", {}, make("tr", {}, columns.map(([name]) => make("th", { scope: "col" }, name)))),
            make("tbody", {}, rows.slice(0, LONG).map((row) =>
                make("tr", { class: marked(row) ? "marked" : undefined }, columns.map(([, of]) => cell(of(row)))))),
        ),
        left > 0 ? make("p", {}, `${counted(left, "further row")}: Save the table has all.`) : null,
    );
    saved.set(element, { columns, rows });
    return element;
}

const saved = new WeakMap(); // what each table that was drawn has to save

/** A word that leads to another state. */
const link = (text, changes) => make("a", {
    href: toAddress(sound({ ...state, ...changes })),
    onclick: (event) => {
        event.preventDefault();
        go(changes);
    },
}, text);

/** A button in the shape of an image, by its place on the page. */
function thumbnail(place, title, properties = {}) {
    const { columns, width, height } = about.images;
    const canvas = make("canvas", { width, height });
    const [x, y] = [(place % columns) * width, Math.floor(place / columns) * height];
    canvas.getContext("2d").drawImage(sheet, x, y, width, height, 0, 0, width, height);
    const index = block("index").values[place];
    return make("button", {
        class: "image", value: place, "aria-label": `Image ${index}: ${title}`,
        onclick: () => go({ view: "image", image: index }), ...properties,
    }, canvas, make("span", {}, title));
}
