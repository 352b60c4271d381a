// What the page holds: `about`, in words and small numbers, and blocks of numbers, which are
// unpacked when something first shows them.

const about = JSON.parse(document.getElementById("about").textContent);
const models = new Map(about.models.map((model) => [model.key, model]));
const categories = about.categories;

const ARRAYS = {
    bits: Uint8Array, halves: Uint8Array, uint8: Uint8Array, uint16: Uint16Array, uint32: Uint32Array,
    float32: Float32Array, float64: Float64Array,
};
const unpacked = new Map(); // name: {values, shape, …}
const unpacking = new Map(); // name: promise of the same

/** Return the bytes that base64 stands for. */
function bytesOf(text) {
    const characters = atob(text);
    const bytes = new Uint8Array(characters.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = characters.charCodeAt(i);
    return bytes;
}

/** Unpack a block, so that `block` has it, or the images. */
function unpack(name) {
    if (name === "sheet") return unpackImages();
    if (!unpacking.has(name)) {
        const text = document.querySelector(`[data-block="${name}"]`).textContent;
        const stream = new Blob([bytesOf(text)]).stream();
        const plain = stream.pipeThrough(new DecompressionStream("gzip"));
        unpacking.set(name, new Response(plain).arrayBuffer().then((buffer) => {
            const how = about.blocks[name];
            unpacked.set(name, { values: new ARRAYS[how.type](buffer), ...how });
        }));
    }
    return unpacking.get(name);
}

/** Return a block that was unpacked; its entries are row by row, the last axis runs fastest. */
const block = (name) => unpacked.get(name);

/** Return one entry of a block that is kept in steps. */
function inSteps({ values, type, low, step }, place) {
    const half = (byte) => (place % 2 ? byte & 15 : byte >> 4);
    return low + step * (type === "halves" ? half(values[place >> 1]) : values[place]);
}

/** Return whether an entry of a block of bits is set. */
const bit = ({ values }, place) => (values[place >> 3] >> (7 - (place & 7))) & 1;

let sheet; // all images in one picture

async function unpackImages() {
    sheet ??= createImageBitmap(new Blob([bytesOf(document.getElementById("sheet").textContent)]));
    sheet = await sheet;
}
