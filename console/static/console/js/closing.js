// A conversation was closed from here: for six seconds that can be taken back.

import { ask } from "./http.js"
import { offer, show, showFailure } from "./notices.js"

const UNDO_FOR = 6000 // ms

// One that isn't open on this page.
export async function close(id) {
  const response = await ask(`/conversations/${id}/closure/`, { method: "POST" }).catch(() => null)
  if (response?.ok) offerUndo(id)
  else showFailure()
}

function offerUndo(id) {
  const { closed, undo } = document.getElementById("notice").dataset
  offer(closed, undo, () => takeBack(id), UNDO_FOR)
}

async function takeBack(id) {
  const response = await ask(`/conversations/${id}/closure/?undo=1`, { method: "DELETE" }).catch(() => null)
  if (response?.ok) show(document.getElementById("notice").dataset.undone)
  else showFailure()
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { requestConfig, successful } = detail
  const id = requestConfig.path.match(/^\/conversations\/(\d+)\/closure\/$/)?.[1]
  if (successful && id && requestConfig.verb === "post") offerUndo(id)
})
