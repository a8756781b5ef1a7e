// A file the reader chose, as the verifier reads it: any range, without holding the whole of it.

const WINDOW_BYTES = 4 * 2 ** 20;

/** `{size, read(start, end)}` of a Blob. Small reads next to each other are served from one window of the file. */
export function blobSource(blob) {
  let [from, window] = [0, new Uint8Array(0)];
  const load = async (start, end) => new Uint8Array(await blob.slice(start, end).arrayBuffer());
  const read = async (start, end) => {
    if (end - start > WINDOW_BYTES) return load(start, end);
    if (start < from || end > from + window.length) {
      window = await load(start, start + WINDOW_BYTES);
      from = start;
    }
    return window.subarray(start - from, end - from);
  };
  return { size: blob.size, read };
}
