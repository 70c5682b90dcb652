// The reply windows a customer has opened, as a row and a header write them down. As
// conversations/wechat/reply_window.py has it.

import { now } from "./clock.js"

const OVER = "45015" // WeChat: the time to reply is over
const SPENT = "45047" // WeChat: the messages of this round are used up

// What may be sent now: {left, allowed, kind, closesAt, share}, kind null when nothing is
// open.
export function standing(windows, refusal) {
  const open = windows.filter((one) => one.closesAt > now())
  if (refusal === OVER || open.length === 0) return { left: 0, allowed: 0, kind: null, closesAt: null, seconds: 0, share: 0 }
  const [best] = open.sort((one, other) => other.left - one.left || other.closesAt - one.closesAt)
  const seconds = Math.max(0, (best.closesAt - now()) / 1000)
  const left = refusal === SPENT ? 0 : best.left
  return { ...best, left, seconds, share: Math.min(1, seconds / best.lasts) }
}

// "message,5,3,172800,2026-03-04T12:00:00Z": what granted how many, how many are used, for
// how many seconds it lasts, when it ends.
export function read(text) {
  return (text ?? "").split(" ").filter(Boolean).map((one) => {
    const [kind, allowed, used, lasts, closesAt] = one.split(",")
    const left = Math.max(0, allowed - used)
    return { kind, allowed: Number(allowed), left, lasts: Number(lasts), closesAt: Date.parse(closesAt) }
  })
}
