// A square with somebody's first letter, in a colour that stays theirs.

const COLOURS = 6

export function dressAvatar(avatar, name, isService = false) {
  avatar.textContent = [...name][0] ?? ""
  avatar.setAttribute("aria-hidden", "true")
  const sum = [...name].reduce((total, letter) => total * 31 + letter.codePointAt(0), 7)
  avatar.classList.add(isService ? "avatar--service" : `avatar--${Math.abs(sum) % COLOURS}`)
}
