// The desk's keys. Which there are stands in one table, the sheet that "?" opens: each line
// names a key and the action it does. An input method's keys never come here: see ime.js.

import "./ime.js"
import { ACTIONS } from "./key_actions.js"

const FIELD = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]"
const KEEPS_KEYS = `${FIELD}, [role=menu], [role=listbox]`
const PATIENCE = 1500 // ms for the second key of two

const isMac = /mac|iphone|ipad/i.test(navigator.platform)
const sheet = document.getElementById("keys")

let begun = "" // the first key of two
let forgetting

function table(section) {
  const lines = [...sheet.querySelectorAll(`${section} [data-does]:not([data-does=""])`)]
  return new Map(lines.map(({ dataset }) => [dataset.keys, dataset.does]))
}

const everywhere = table("[data-everywhere]")
const outside = table("[data-outside]")

// As the table writes it. Shift belongs to a character's name, but not to a command's.
function nameOf(event) {
  const { key, shiftKey } = event
  const isThirdLevel = event.getModifierState?.("AltGraph")
  const isCommand = isMac ? event.metaKey : event.ctrlKey && !isThirdLevel
  const isForeign = isMac ? event.ctrlKey : event.metaKey
  if (isForeign || !key) return ""
  const isAlt = event.altKey && !isThirdLevel
  const names = [isCommand && "mod", isAlt && "alt", shiftKey && (key.length > 1 || isCommand) && "shift"]
  return [...names.filter(Boolean), key.toLowerCase()].join("+")
}

function press(event) {
  if (event.defaultPrevented) return
  const action = actionOf(event)
  if (!action) return
  event.preventDefault()
  // A key held down walks on, and does nothing else twice.
  if (!event.repeat || /next|previous/.test(action)) ACTIONS[action](event)
}

function actionOf(event) {
  const name = nameOf(event)
  const layer = document.querySelector("dialog[open]")
  const common = everywhere.get(name)
  if (layer) return common === "palette" && layer.closest("command-palette") ? common : null
  if (common) return leavesAlone(event, common) ? null : common
  return isFree(event, name) ? single(name, event) : null
}

// Beside text, Alt with an arrow moves the caret on some systems.
function leavesAlone({ target }, action) {
  return action.startsWith("open-") && target.matches?.(FIELD) && target.value !== ""
}

// Single keys are the page's only where nobody writes, and not while what they would be
// about is still coming.
function isFree({ target }, name) {
  const isOff = document.body.dataset.singleKeys === "off"
  const isTyped = name.includes("+") || target.closest?.(KEEPS_KEYS)
  return !isOff && !isTyped && !document.querySelector(".conversation[aria-busy=true]")
}

function single(name, { target }) {
  const pair = begun && `${begun} ${name}`
  begun = ""
  if (outside.has(pair)) return outside.get(pair)
  if ([...outside.keys()].some((keys) => keys.startsWith(`${name} `))) return void begin(name)
  // Enter belongs to whatever can be pressed.
  if (name === "enter" && !target.matches("body, main, .inbox")) return null
  return outside.get(name)
}

function begin(name) {
  begun = name
  clearTimeout(forgetting)
  forgetting = setTimeout(() => (begun = ""), PATIENCE)
}

function label() {
  if (isMac) for (const cap of sheet.querySelectorAll('[data-cap="mod"]')) cap.textContent = "⌘"
  sheet.querySelector(".keys__off").hidden = document.body.dataset.singleKeys !== "off"
}

label()
document.addEventListener("keydown", press)
document.addEventListener("click", ({ target }) => {
  const button = target.closest?.("[data-key-action]")
  if (button) ACTIONS[button.dataset.keyAction]()
})
