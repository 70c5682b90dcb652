// Where a send leads: to the next who waits, or back to one whose answer has to be looked at
// again.

import { openLongestWait } from "./longest_wait.js"
import { offer } from "./notices.js"
import { openConversation, visit } from "./panes.js"

const LOOKED_AT_FOR = 20_000 // ms

document.addEventListener("desk:sent-next", ({ detail }) => openLongestWait(detail.conversation))

document.addEventListener("desk:asking", ({ detail: { conversation } }) => {
  if (conversation === openConversation()) return
  const { unsent, open } = document.getElementById("notice").dataset
  offer(unsent, open, () => visit(conversation), LOOKED_AT_FOR)
})
