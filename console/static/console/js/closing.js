// Conversations were closed from here: for six seconds that can be taken back.

import { offer, show } from "./notices.js"
import { does } from "./row_choice.js"

const UNDO_FOR = 6000 // ms

// Those that have no header on this page to press.
export async function close(ids) {
  const { done, text } = await does(ids, "close")
  if (done.length) offerUndo(done, text)
}

function offerUndo(ids, text) {
  const { closed, undo } = document.getElementById("notice").dataset
  offer(text || closed, undo, () => takeBack(ids), UNDO_FOR)
}

// What could not be taken back is said by name.
async function takeBack(ids) {
  const { done } = await does(ids, "take_back_closing")
  if (done.length === ids.length) show(document.getElementById("notice").dataset.undone)
}

document.addEventListener("htmx:afterRequest", ({ detail }) => {
  const { requestConfig, successful } = detail
  const id = requestConfig.path.match(/^\/conversations\/(\d+)\/closure\/$/)?.[1]
  if (successful && id && requestConfig.verb === "post") offerUndo([id])
})
