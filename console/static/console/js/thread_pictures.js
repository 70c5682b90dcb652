// Pictures of the thread that could not be loaded say so, and can be asked for again.

document.addEventListener("error", ({ target }) => missed(target), true)
document.addEventListener("load", ({ target }) => target.matches?.("img") && instead(target)?.remove(), true)
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-picture-again]")
  const image = button?.closest("article").querySelector(".picture--failed img")
  if (image) image.src = image.getAttribute("src")
})

function missed(image) {
  const frame = image.closest?.(".thread :is(.picture, .cover)")
  if (!frame || instead(image)) return
  const [width, height] = ["width", "height"].map((side) => image.getAttribute(side))
  const notice = document.querySelector("[data-picture-failed]").content.firstElementChild.cloneNode(true)
  Object.assign(notice.style, { width: `${width}px`, aspectRatio: `${width} / ${height}` })
  frame.before(notice)
  frame.classList.add("picture--failed")
}

// What stands in a picture's place; once it is there after all, the picture shows again.
function instead(image) {
  const frame = image.closest(".picture--failed")
  const notice = frame?.previousElementSibling
  if (image.complete && image.naturalWidth) frame?.classList.remove("picture--failed")
  return notice?.matches("[data-in-place]") ? notice : null
}

// Those of the page itself may have failed before this was there to hear of it.
for (const image of document.querySelectorAll(".thread img")) if (image.complete && !image.naturalWidth) missed(image)
