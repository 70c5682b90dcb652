// The pages of the conversation's mini program, for the sheets that ask for one.

import { fetchFragment } from "./http.js"

// Fill a sheet's list, and call take({id, path, title, cover}) with whatever is chosen.
export async function offerPages(sheet, take) {
  const list = sheet.querySelector("[data-pages]")
  const field = list.closest(".sheet__field")
  list.onchange = () => {
    const { value, dataset, textContent } = list.selectedOptions[0]
    if (value) take({ id: dataset.page, path: value, title: textContent, cover: dataset.cover ?? "" })
  }
  const found = await fetchFragment(sheet.composer.dataset.pagesSrc).catch(() => null)
  if (!found) return
  const { value } = list
  list.replaceChildren(list.options[0], ...found.options)
  list.value = value
  if (list.selectedIndex < 0) list.selectedIndex = 0
  field.hidden = list.options.length === 1
}
