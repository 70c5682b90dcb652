// The page with the phones: one phone in hand at a time, of one customer of one mini
// program. What it shows it has from the simulator, which answers when something changes.

import { Bench } from "./bench.js"
import { ChatLog } from "./chat_log.js"
import { Composer } from "./composer.js"
import { People } from "./people.js"
import { pause, post, watch } from "./server.js"
import { showPicture, showWhere } from "./sheets.js"
import { timeInChat, timeOfDay } from "./times.js"

const TOAST = 2500 // ms
const LONGEST = 2 ** 31 - 1 // ms that a timer can wait
const GLIMPSE = 400 // ms that typing shows before a message that came right behind it

const stage = document.getElementById("stage")
const { dataset } = stage
const appid = dataset.app
const byId = (id) => document.getElementById(id)

const log = new ChatLog(byId("log"), stage, { onJump: showWhere, onPicture: showPicture })
const bench = new Bench(appid, () => toast(dataset.textFailed))
const composer = new Composer(act)
const people = new People(stage, choose)

let chosen = dataset.customer
let watching = new AbortController()
let toasting
let typing
let closing // The reply window, while it is open
let isOpen = false // The log shows the chosen customer's chat

function start() {
  watching.abort()
  watching = new AbortController()
  isOpen = false
  watch(dataset.stateUrl, {
    appid,
    openid: chosen,
    signal: watching.signal,
    onState: draw,
    onLost: () => toast(dataset.textLost),
  })
}

async function draw(state) {
  bench.draw(state)
  if (!state.customer && state.customers.length) return choose(state.customers[0].openid)
  people.draw(state.customers, chosen)
  stage.classList.toggle("stage--nobody", !state.customer)
  if (!state.customer) return
  const { customer } = state
  if (!isOpen || state.reset) log.open({ customer: customer.name, service: dataset.appName })
  showScreen(customer.in_session)
  await glimpse(state)
  log.add(state.lines)
  if (!isOpen) log.scrollToEnd()
  isOpen = true
  showTyping(customer.typing_seconds)
  showStrip(customer, state.now)
}

// A server sets typing and sends at once; one answer then tells of both.
async function glimpse({ lines, reset }) {
  if (!isOpen || reset || !lines.some((line) => line.data.typed)) return
  showTyping(1)
  await pause(GLIMPSE)
}

function showScreen(inChat) {
  const wasInChat = !byId("chat").hidden
  byId("chat").hidden = !inChat
  byId("shop").hidden = inChat
  if (inChat && !wasInChat) log.scrollToEnd()
}

function showTyping(seconds) {
  clearTimeout(typing)
  const isTyping = seconds > 0
  byId("chat-title").textContent = isTyping ? dataset.textTyping : dataset.appName
  byId("chat").classList.toggle("chat--typing", isTyping)
  if (isTyping) typing = setTimeout(showTyping, seconds * 1000, 0)
}

// What WeChat would show nobody: how much it still lets the service say.
function showStrip({ name, quota, session_from: entrance }, now) {
  const until = quota.closes_at && timeInChat(quota.closes_at, dataset)
  byId("strip-who").textContent = name
  byId("strip-left").textContent = until
    ? dataset.textLeft.replace("{n}", quota.remaining).replace("{t}", until)
    : dataset.textClosed
  byId("strip-left").dataset.remaining = until ? quota.remaining : 0
  clearTimeout(closing)
  const milliseconds = (quota.closes_at - now) * 1000
  if (until && milliseconds < LONGEST) closing = setTimeout(() => showStrip({ name, quota: {}, session_from: entrance }), milliseconds)
  byId("strip-entrance").textContent = entrance ? dataset.textEntrance.replace("{entrance}", entrance) : ""
}

function choose(openid) {
  chosen = openid
  const url = new URL(location)
  url.searchParams.set("customer", openid)
  history.replaceState(null, "", url)
  composer.reset()
  byId("people").classList.remove("people--open")
  start()
}

async function act(name, values = {}) {
  const url = dataset.actUrl.replace("OPENID", encodeURIComponent(chosen)).replace("ACT", name)
  try {
    await post(url, values)
    return true
  } catch {
    toast(dataset.textFailed)
    return false
  }
}

function toast(words) {
  clearTimeout(toasting)
  byId("toast").textContent = words
  byId("toast").hidden = false
  toasting = setTimeout(() => (byId("toast").hidden = true), TOAST)
}

byId("apps").addEventListener("change", ({ target }) => {
  const url = new URL(location)
  url.searchParams.delete("customer")
  url.searchParams.set("app", target.value)
  location.assign(url)
})

byId("add-customer").addEventListener("submit", async (event) => {
  event.preventDefault()
  const { name } = event.target.elements
  try {
    const { openid } = await post(dataset.addUrl, { appid, name: name.value })
    event.target.reset()
    choose(openid)
  } catch {
    toast(dataset.textFailed)
  }
})

byId("shop").addEventListener("click", ({ target }) => {
  const entrance = target.closest("[data-session-from]")
  if (entrance) act("enter", { session_from: entrance.dataset.sessionFrom })
})

byId("enter-other").addEventListener("submit", (event) => {
  event.preventDefault()
  act("enter", { session_from: event.target.elements.session_from.value })
})

byId("leave").addEventListener("click", () => act("close"))
stage.addEventListener("composer:resized", () => log.scrollToEnd())

for (const side of ["people", "bench"]) {
  const toggle = () => byId(side).classList.toggle(`${side}--open`)
  for (const button of document.querySelectorAll(`[data-${side}-toggle]`)) button.addEventListener("click", toggle)
  addEventListener("keydown", ({ key }) => key === "Escape" && byId(side).classList.remove(`${side}--open`))
}

for (const link of document.querySelectorAll("[data-language]")) {
  link.addEventListener("click", (event) => {
    event.preventDefault()
    const url = new URL(location)
    url.searchParams.set("lang", link.dataset.language)
    location.assign(url)
  })
}

const tick = () => (byId("clock").textContent = timeOfDay(Date.now() / 1000))
tick()
setInterval(tick, 10_000)
start()
