// Weights as Python packs them: float32, or int8 with a scale for each output. Kind: the array that the page computes in.
export async function weights(model, Kind = Float32Array) {
  const raw = await inflate(bytesOf(model.get("data")));
  return model.get("arrays").map(({ offset, size, scale }) => {
    if (!scale) return Kind.from(new Float32Array(raw.buffer, raw.byteOffset + offset, size));
    const q = new Int8Array(raw.buffer, raw.byteOffset + offset, size), row = size / scale.length;
    return Kind.from(q, (v, i) => v * scale[Math.floor(i / row)]);
  });
}
