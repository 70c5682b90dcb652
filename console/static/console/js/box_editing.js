// Changing the text in a box as if it had been typed, so that one undo takes it back.

export function typeInto(box, text) {
  const command = text ? ["insertText", false, text] : ["delete"]
  if (document.execCommand(...command)) return
  const { selectionStart, selectionEnd } = box
  box.setRangeText(text, selectionStart, selectionEnd, "end")
  box.dispatchEvent(new InputEvent("input", { bubbles: true }))
}

// Put a replacement where a text stands untouched, at `start` or elsewhere. The caret and
// the focus stay where they are.
export function exchange(box, text, start, replacement) {
  const { value, selectionStart, selectionEnd } = box
  const at = value.startsWith(text, start) ? start : value.indexOf(text)
  if (at < 0) return
  const focused = document.activeElement
  box.focus({ preventScroll: true })
  box.setSelectionRange(at, at + text.length)
  typeInto(box, replacement)
  const end = at + text.length
  const move = (caret) => (caret <= at ? caret : Math.max(caret, end) - text.length + replacement.length)
  box.setSelectionRange(move(selectionStart), move(selectionEnd))
  focused.focus({ preventScroll: true })
}

// As high as its text, where the style sheet can't say so.
export function grow(box) {
  if (CSS.supports("field-sizing", "content")) return
  box.style.height = "auto"
  box.style.height = `${box.scrollHeight}px`
}
