// Who else looks at a conversation, and who types in it. Faces are drawn the same for every
// viewer; one's own is left out by a rule, which no redrawing can forget.

const AN_ANSWER = 2000 // ms in which an answer, drawn earlier, may come after what is newer

const { agent } = document.body.dataset
const mine = new CSSStyleSheet()
mine.replaceSync(`
  .face[data-agent="${agent}"] { display: none; }
  .face:not([data-agent="${agent}"]) ~ .face .face__words { display: none; }
  [data-only-for="${agent}"] { display: inline; }
  .row .face:not([data-agent="${agent}"]) ~ .face { display: none; }
`)
document.adoptedStyleSheets = [...document.adoptedStyleSheets, mine]

const latest = new Map() // {conversation: {faces, at}}

function show(conversation, root = document) {
  const { faces } = latest.get(conversation)
  for (const place of root.querySelectorAll(`[data-attention="${conversation}"]`)) place.outerHTML = faces
}

document.addEventListener("live:attention", ({ detail }) => {
  const conversation = String(detail.conversation)
  latest.set(conversation, { faces: detail.faces, at: Date.now() })
  show(conversation)
})

// After a claim or the like: the header in the answer may be older than the faces.
document.addEventListener("htmx:load", ({ detail }) => {
  const { conversation } = detail.elt.dataset ?? {}
  const last = latest.get(conversation)
  if (last && Date.now() - last.at < AN_ANSWER) show(conversation, detail.elt)
})
