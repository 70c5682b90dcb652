// Calls the function in argv[2] with the event on standard input, as the platform would.

const { main } = require(process.argv[2])

const event = JSON.parse(require('fs').readFileSync(0, 'utf8'))
const began = Date.now()
main(event, {}).then((returned) => {
  console.log(JSON.stringify({ returned, took: Date.now() - began }))
  process.exit()
})
