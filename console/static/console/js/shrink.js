// A picture made small enough for WeChat, in this browser. What moves stays as it is: one
// frame of it would be another picture.

const LONGEST = 4096 // px; a canvas much larger may come out empty
const SCALES = [1, 0.7, 0.5, 0.35, 0.25] // tried in this order
const QUALITIES = [0.88, 0.75, 0.6]

// Return a smaller file, or null when there is none.
export async function shrink(file, mostBytes) {
  if (file.type === "image/gif") return null
  const picture = await createImageBitmap(file).catch(() => null)
  if (!picture) return null
  try {
    const largest = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    for (const scale of SCALES) {
      for (const quality of QUALITIES) {
        const blob = await draw(picture, largest * scale, quality)
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
