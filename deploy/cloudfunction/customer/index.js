// The cloud function `customer`: hands what WeChat pushes on to Kefu, signed.
//
//   WeChat ──▶ this function ──▶ POST RELAY_URL ──▶ "success", or the object that hands
//                                                   the message over: returned to WeChat
//
// WeChat waits five seconds and never calls a function again. So the hop is given up before
// that, what could not be handed on is kept in the cloud database, and the next calls bring
// it, the oldest first. The timer in config.json calls when no customer does.
//
// RELAY_URL and RELAY_SECRET are environment variables of the function.

const cloud = require('wx-server-sdk')
const crypto = require('crypto')
const http = require('http')
const https = require('https')

cloud.init({ env: cloud.DYNAMIC_CURRENT_ENV })

const BUDGET = 3000 // ms for everything, of the five seconds that WeChat waits
const RESERVE = 700 // ms of these for keeping what could not be handed on
const LEAST = 300 // ms under which another hop is not begun
const QUEUE = 'kefu_relay_queue'
const FEW = 20 // kept ones brought along by one call, as long as there is time
const LEASE = 30000 // ms in which no other call brings the same one
const KEPT_FOR = 48 * 3600 * 1000 // ms; after that nobody may answer the customer any more
const ANSWER_MOST = 64 * 1024 // bytes

exports.main = async (event) => {
  const until = Date.now() + BUDGET
  const body = bodyOf(event, cloud.getWXContext())
  const answer = body ? await handOn(body, until - RESERVE) : 'success'
  // WeChat waits for what this returns: the kept ones get only what is left of the time.
  await inTime(answer === undefined ? keep(body) : bringKept(until), until)
  return answer === undefined ? 'success' : answer
}

// The push as JSON, in the name of whom the platform says it is about. "" if it isn't one:
// the timer calls as well, and so may any page of the mini program, with what it likes.
function bodyOf(event, context) {
  const appId = context.FROM_APPID || context.APPID
  const openId = context.FROM_OPENID || context.OPENID
  if (!event || !event.MsgType || (event.FromUserName || openId) !== openId) return ''
  const push = { ...event, userInfo: { appId, openId } }
  delete push.relay
  // JavaScript rounds integers from 2^53 on, and as text they stay as they are from here.
  if (push.MsgId !== undefined) push.MsgId = String(push.MsgId)
  return JSON.stringify(push)
}

// What WeChat is to be answered, or undefined if the push is not with Kefu for certain.
async function handOn(body, until) {
  try {
    const { status, text } = await post(body, until - Date.now())
    if (status === 200) return answerIn(text)
    console.error('Kefu answered', status)
    // It says that this can never be read: there is no use in bringing it again.
    return status === 400 ? 'success' : undefined
  } catch (error) {
    console.error('Kefu was not reached:', error.message)
    return undefined
  }
}

function answerIn(text) {
  if (!text.startsWith('{')) return 'success'
  const answer = JSON.parse(text)
  return answer.MsgType === 'transfer_customer_service' ? answer : 'success'
}

function post(body, patience) {
  const url = new URL(process.env.RELAY_URL)
  const content = Buffer.from(body)
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'http:' ? http : https).request(url, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': content.length,
        ...signed(content),
      },
    })
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), patience)
    const fail = (error) => {
      clearTimeout(timer)
      reject(error)
    }
    request.on('error', fail)
    request.on('response', (response) => {
      const pieces = []
      let size = 0
      response.on('data', (piece) => {
        pieces.push(piece)
        size += piece.length
        if (size > ANSWER_MOST) request.destroy(new Error('too long an answer'))
      })
      response.on('error', fail)
      response.on('end', () => {
        clearTimeout(timer)
        resolve({ status: response.statusCode, text: Buffer.concat(pieces).toString() })
      })
    })
    request.end(content)
  })
}

// HMAC-SHA256 over timestamp, nonce and the body's SHA-256, a line each.
function signed(content) {
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = crypto.randomBytes(16).toString('hex')
  const digest = crypto.createHash('sha256').update(content).digest('hex')
  const signature = crypto
    .createHmac('sha256', process.env.RELAY_SECRET)
    .update(`${timestamp}\n${nonce}\n${digest}`)
    .digest('hex')
  return {
    'X-Relay-Timestamp': timestamp,
    'X-Relay-Nonce': nonce,
    'X-Relay-Signature': signature,
  }
}

// The queue: {body, keptAt, notBefore} in ms.

async function keep(body) {
  const now = Date.now()
  const row = { data: { body, keptAt: now, notBefore: 0 } }
  try {
    await cloud.database().collection(QUEUE).add(row)
  } catch (error) {
    if (!isMissing(error)) throw error
    await cloud.database().createCollection(QUEUE)
    await cloud.database().collection(QUEUE).add(row)
  }
}

async function bringKept(until) {
  const db = cloud.database()
  const queue = db.collection(QUEUE)
  const now = Date.now()
  const { data: kept } = await queue
    .where({ notBefore: db.command.lte(now) })
    .orderBy('keptAt', 'asc')
    .limit(FEW)
    .get()
  for (const row of kept) {
    if (until - Date.now() < LEAST) return
    const mine = await queue
      .where({ _id: row._id, notBefore: row.notBefore })
      .update({ data: { notBefore: now + LEASE } })
    if (!mine.stats.updated) continue // Another call brings it
    const isTooOld = now - row.keptAt > KEPT_FOR
    if (!isTooOld && (await handOn(late(row.body), until)) === undefined) return
    await queue.doc(row._id).remove()
  }
}

// WeChat has had its answer to this one: it can't be handed over any more.
function late(body) {
  return JSON.stringify({ ...JSON.parse(body), relay: { queued: true } })
}

// The collection is made when the first one is kept: until then it is no fault.
function isMissing(error) {
  return /not exist/i.test(said(error))
}

function said(error) {
  return String(error.message || error.errMsg)
}

// Waits for some work, but not for too long, and not for its failure.
async function inTime(work, until) {
  let timer
  const time = new Promise((resolve) => {
    timer = setTimeout(resolve, Math.max(0, until - Date.now()))
  })
  const failed = (error) => isMissing(error) || console.error('The queue:', said(error))
  await Promise.race([work.catch(failed), time])
  clearTimeout(timer)
}
