// A picture as it is seen, turned by quarters, made anew in the browser. So turned, it can be
// enlarged, scrolled and copied like any other.

// Return the picture in an <img> turned a quarter to the right, or as it is, as a PNG.
export async function drawn(image, { isTurned = false } = {}) {
  const { naturalWidth: width, naturalHeight: height } = image
  const canvas = document.createElement("canvas")
  const [across, down] = isTurned ? [height, width] : [width, height]
  Object.assign(canvas, { width: across, height: down })
  const context = canvas.getContext("2d")
  if (isTurned) {
    context.translate(across, 0)
    context.rotate(Math.PI / 2)
  }
  context.drawImage(image, 0, 0)
  return new Promise((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("too large"))), "image/png"))
}

export function mayCopy() {
  return Boolean(navigator.clipboard?.write && window.ClipboardItem)
}

// The promise is handed over and not its result: some browsers want it in the same breath
// as the click.
export function copy(image) {
  return navigator.clipboard.write([new ClipboardItem({ "image/png": drawn(image) })])
}
