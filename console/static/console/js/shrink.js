// A picture made small enough for WeChat, in this browser. What moves stays as it is: one
// frame of it would be another picture.

const SIDES = [4096, 2560, 1920, 1280, 960] // px, the longer one; tried in this order
const QUALITIES = [0.88, 0.75, 0.6]

// Return a smaller file, or null when there is none.
export async function shrink(file, mostBytes) {
  if (file.type === "image/gif") return null
  const picture = await createImageBitmap(file).catch(() => null)
  if (!picture) return null
  try {
    for (const side of SIDES) {
      for (const quality of QUALITIES) {
        const blob = await draw(picture, Math.min(1, side / Math.max(picture.width, picture.height)), quality)
        if (blob && blob.size <= mostBytes) return new File([blob], name(file), { type: blob.type })
      }
    }
    return null
  } finally {
    picture.close()
  }
}

function draw(picture, scale, quality) {
  const canvas = document.createElement("canvas")
  canvas.width = Math.max(1, Math.round(picture.width * scale))
  canvas.height = Math.max(1, Math.round(picture.height * scale))
  const context = canvas.getContext("2d")
  context.fillStyle = "white" // JPEG knows no transparency
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.drawImage(picture, 0, 0, canvas.width, canvas.height)
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", quality))
}

function name(file) {
  return `${file.name.replace(/\.\w+$/, "") || "picture"}.jpg`
}
