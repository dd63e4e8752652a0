// Shows the page's times in the reader's time zone. The page provides the format and the month names in its language.
const { form, months } = document.querySelector('main').dataset
for (const time of document.querySelectorAll('time')) {
  const at = new Date(time.dateTime)
  const said = { day: at.getDate(), month: months.split(' ')[at.getMonth()], year: at.getFullYear(), time: at.toTimeString().slice(0, 5) }
  time.textContent = form.replace(/\{(\w+)\}/g, (_, name) => said[name])
}
