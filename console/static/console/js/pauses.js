// The banners over the desk that say why nothing goes out: they come and go as the server
// says, and without a reload.

import { fetchInTheEnd, parse } from "./http.js"

let reloading = new AbortController()

document.addEventListener("live:pause", ({ detail }) => {
  const current = document.getElementById(`pause-${detail.mini_program}`)
  if (!detail.banner) return current?.remove()
  const banner = parse(detail.banner)
  if (current) current.replaceWith(banner)
  else document.getElementById("pauses").append(banner)
  htmx.process(banner)
})

document.addEventListener("live:reload", async () => {
  reloading.abort()
  reloading = new AbortController()
  const current = document.getElementById("pauses")
  const drawn = await fetchInTheEnd(current.dataset.src, reloading.signal)
  if (!drawn) return
  current.replaceChildren(...drawn.children)
  htmx.process(current)
})
