// Add a line with round ends to the ink (from 0 to 1, rows of `wide` pixels); its border is one pixel soft.
export function wet(ink, wide, [x0, y0], [x1, y1], radius) {
  const dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy || 1, high = ink.length / wide;
  const span = (a, b, n) => [Math.max(0, Math.floor(Math.min(a, b) - radius - 1)), Math.min(n - 1, Math.ceil(Math.max(a, b) + radius + 1))];
  const [left, right] = span(x0, x1, wide), [top, bottom] = span(y0, y1, high);
  for (let i = top; i <= bottom; i++) for (let j = left; j <= right; j++) {
    const x = j + 0.5 - x0, y = i + 0.5 - y0, t = Math.max(0, Math.min(1, (x * dx + y * dy) / square));
    const v = radius + 0.5 - Math.hypot(x - t * dx, y - t * dy);
    if (v > 0) ink[i * wide + j] = Math.max(ink[i * wide + j], Math.min(1, v));
  }
}
