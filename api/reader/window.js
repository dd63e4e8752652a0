// The window in which somebody signs in to write: it hands what they were given to the page that opened it, of that
// origin and no other, and says so where there is no such page any more.
const { origin, handed } = document.querySelector('main').dataset
if (!window.opener) {
  document.getElementById('cut').hidden = false
  document.getElementById('way').hidden = true
} else if (handed) {
  window.opener.postMessage(JSON.parse(handed), origin)
  window.close()
}
