// What the agent says of themselves may have been said in another tab.

document.addEventListener("live:agent", ({ detail }) => {
  const { about, agent, availability, label } = detail
  if (about !== "availability" || String(agent) !== document.body.dataset.agent) return
  const menu = document.getElementById("availability")
  menu.dataset.availability = availability
  menu.querySelector("[data-chosen]").textContent = label
  menu.querySelector("summary .state-dot").className = `state-dot state-dot--${availability}`
  for (const choice of menu.querySelectorAll("[data-choose]")) {
    if (choice.dataset.choose === availability) choice.setAttribute("aria-pressed", "true")
    else choice.removeAttribute("aria-pressed")
  }
})

// A menu closes when one looks elsewhere.
document.addEventListener("pointerdown", ({ target }) => {
  for (const menu of document.querySelectorAll("details.popover[open]")) if (!menu.contains(target)) menu.open = false
})
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return
  const menu = document.querySelector("details.popover[open]")
  if (!menu) return
  menu.open = false
  menu.querySelector("summary").focus()
})
