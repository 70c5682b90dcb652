// A list that goes on where it ends, older things below: its last child is then a button.

// Put a newer drawing of its beginning in order with what was asked for besides.
export function keepOlder(list, fresh) {
  if (!list?.dataset.grown || !fresh) return
  fresh.querySelector(".entries__more")?.remove()
  const there = new Set([...fresh.children].map((one) => one.id))
  fresh.append(...[...list.children].filter((one) => !there.has(one.id)))
  Object.assign(fresh.dataset, { grown: "yes", more: list.dataset.more })
}

// Add the next page, which ends with a button of its own or not.
export function grow(list, page) {
  list.querySelector(".entries__more")?.remove()
  Object.assign(list.dataset, { grown: "yes", more: page.dataset.more })
  for (const one of [...page.children]) if (!one.id || !document.getElementById(one.id)) list.append(one)
}
