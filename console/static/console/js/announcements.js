// For those who hear the page. A polite sentence waits its turn, and there is at most one in
// ten seconds: the newest of each kind. What can't wait (not sent, connection lost, signed
// out) interrupts.

const EVERY = 10_000 // ms

const waiting = new Map() // {kind: () => sentence}
let timer = null

// `sentence` is made when it is spoken, so that it is true then.
export function say(kind, sentence) {
  waiting.set(kind, sentence)
  if (timer === null) speak()
}

export function alarm(sentence) {
  put("alarm", sentence)
}

function speak() {
  const [next] = waiting
  if (!next) return void (timer = null)
  const [kind, sentence] = next
  waiting.delete(kind)
  put("news", sentence())
  timer = setTimeout(speak, EVERY)
}

// The same words again are read only if they are put there anew.
function put(id, sentence) {
  const line = document.getElementById(id)
  line.textContent = ""
  if (sentence) requestAnimationFrame(() => (line.textContent = sentence))
}
