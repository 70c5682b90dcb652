// What becomes of a common answer that was chosen: it is put into the box, or sent as it is.

import { goesWhole } from "./answer_picker.js"
import { remember } from "./answer_scores.js"
import { pick } from "./answers.js"

// From the picker: in place of the call, {start, end}.
export function choose(composer, answer, call, sendAtOnce) {
  const isSent = sendAtOnce || goesWhole(answer)
  if (isSent && composer.stops()) return
  composer.insert(isSent ? "" : answer.parts[0].text, call.start, call.end)
  if (isSent) sendWhole(composer, answer)
  else check(composer, answer, call.start)
}

// From the strip, or from the shelf beside: put in where the caret is.
export function take(composer, answer, sendAtOnce) {
  const { selectionStart: start, selectionEnd: end } = composer.box
  if (sendAtOnce) sendWhole(composer, answer)
  else if (!goesWhole(answer)) choose(composer, answer, { start, end }, false)
}

function sendWhole(composer, answer) {
  remember(answer)
  const text = goesWhole(answer) ? undefined : answer.parts[0].text
  composer.sendAnswer({ answer: answer.id, version: answer.version }, { said: answer.preview, text })
}

// Put in at once; the server says a moment later whether it still says so.
async function check(composer, answer, start) {
  remember(answer)
  const news = await pick(composer.dataset.pickSrc, answer)
  if (!news || !composer.isConnected) return
  composer.tell(news.error, "warn", news.text)
  if (news.replacement !== null) composer.exchange(answer.parts[0].text, start, news.replacement)
}
