// What a send would take of the messages that WeChat still allows.

// How many are left, by the header; null when it doesn't say.
export function left() {
  const reply = document.querySelector("reply-window")
  const text = reply?.dataset.left ?? ""
  return text === "" ? null : Number(text)
}

// A sentence for a cost, from an element's data-cost, data-cost-left and data-cost-over.
export function sentence({ dataset }, cost) {
  const rest = left()
  const template = rest === null ? dataset.cost : cost > rest ? dataset.costOver : dataset.costLeft
  return template.replace("{n}", cost).replace("{left}", rest === null ? "" : Math.max(0, rest - cost)).replace("{has}", rest)
}

export function isOver(cost) {
  const rest = left()
  return rest !== null && cost > rest
}
