// Weights as Python packs them: float32, or int8 with a scale for each output. Kind: the array that the page computes in.
export const weights = async (model, Kind = Float32Array) => unpacked(await inflate(bytesOf(model.get("data"))), model.get("arrays"), Kind);
export function unpacked(raw, arrays, Kind) {
  return arrays.map(({ offset, size, scale }) => {
    if (!scale) return Kind.from(new Float32Array(raw.buffer, raw.byteOffset + offset, size));
    const q = new Int8Array(raw.buffer, raw.byteOffset + offset, size), row = size / scale.length;
    return Kind.from(q, (v, i) => v * scale[Math.floor(i / row)]);
  });
}
