'use strict';
// An SMSC of node's `smpp` library, which we did not write, for test_node_smsc.py.
//
// Its first argument is the settings as JSON; orders come as JSON lines on standard input, and what
// the library has read and written goes out as JSON lines on standard output. It knows nothing of
// Habar: texts are as the library decodes them.

const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const REFERENCE = 0x1400; // a TLV of this operator's own: our name for what was submitted

const settings = Object.assign(
  {
    passwords: {},
    responseIds: 'hex', // hex, decimal
    receiptIds: 'hex',
    receipts: 'after', // after, before, twice, none
    stat: 'DELIVRD',
    throttle: 0, // so many submit_sm are refused
    unbindAfter: 0, // after so many answers: none any more on this link, and an unbind
    silent: false, // no answer to submit_sm
  },
  JSON.parse(process.argv[2])
);
const bound = []; // sessions, with `kind`
const taken = new Map(); // by our id and by the client's reference -> {number, pdu}
let lastNumber = 0xa1e;
let answers = 0;

const STATES = { ENROUTE: 1, DELIVRD: 2, EXPIRED: 3, DELETED: 4, UNDELIV: 5, ACCEPTD: 6, UNKNOWN: 7, REJECTD: 8 };

function tell(event, more) {
  process.stdout.write(JSON.stringify(Object.assign({ event }, more)) + '\n');
}

function written(number, base) {
  return base === 'hex' ? number.toString(16).toUpperCase() : String(number);
}

// --- Binds ---------------------------------------------------------------------------------------
function bind(session, kind) {
  return (pdu) => {
    const wrong = settings.passwords[pdu.system_id] !== pdu.password;
    const command_status = wrong ? smpp.ESME_RINVPASWD : smpp.ESME_ROK;
    tell('bind', {
      kind,
      ok: !wrong,
      system_id: pdu.system_id,
      system_type: pdu.system_type,
      interface_version: pdu.interface_version,
      address_range: pdu.address_range,
      encrypted: Boolean(session.socket.encrypted),
    });
    session.send(pdu.response({ command_status, system_id: 'node' }), () => {
      if (wrong) session.close();
    });
    if (!wrong) {
      session.kind = kind;
      bound.push(session);
    }
  };
}

function forget(session) {
  const at = bound.indexOf(session);
  if (at >= 0) bound.splice(at, 1);
}

// --- Messages ------------------------------------------------------------------------------------
function submit(session, pdu) {
  if (settings.throttle > 0) {
    settings.throttle -= 1;
    tell('throttled', {});
    session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
    return;
  }
  const number = ++lastNumber;
  const reference = pdu[REFERENCE] ? pdu[REFERENCE].toString('latin1') : '';
  const message = { number, pdu };
  taken.set(written(number, settings.responseIds), message);
  if (reference) taken.set(reference, message);
  tellSubmit(session, pdu, number, reference);
  if (settings.silent || session.mute) return;
  if (settings.receipts === 'before') receipt(session, pdu, number);
  session.send(pdu.response({ message_id: written(number, settings.responseIds) }));
  answers += 1;
  if (settings.receipts === 'after' || settings.receipts === 'twice') receipt(session, pdu, number);
  if (settings.receipts === 'twice') receipt(session, pdu, number);
  if (settings.unbindAfter && answers >= settings.unbindAfter) {
    settings.unbindAfter = 0;
    session.mute = true;
    session.unbind();
  }
}

function tellSubmit(session, pdu, number, reference) {
  const body = pdu.message_payload || pdu.short_message || {};
  tell('submit', {
    number,
    reference,
    over: session.kind,
    text: typeof body.message === 'string' ? body.message : '',
    udh: (body.udh || []).map((element) => element.toString('hex')),
    payload: Boolean(pdu.message_payload),
    sar: [pdu.sar_msg_ref_num, pdu.sar_total_segments, pdu.sar_segment_seqnum],
    service_type: pdu.service_type,
    source: [pdu.source_addr_ton, pdu.source_addr_npi, pdu.source_addr],
    destination: [pdu.dest_addr_ton, pdu.dest_addr_npi, pdu.destination_addr],
    esm_class: pdu.esm_class,
    data_coding: pdu.data_coding,
    registered_delivery: pdu.registered_delivery,
  });
}

function receipt(session, pdu, number) {
  const way = session.kind === 'transmitter' ? bound.find((one) => one.kind === 'receiver') : session;
  const id = written(number, settings.receiptIds);
  const words = [
    `id:${id}`, 'sub:001', 'dlvrd:001', 'submit date:2601011200', 'done date:2601011201',
    `stat:${settings.stat}`, 'err:000', 'text:',
  ];
  way.deliver_sm(
    {
      source_addr: pdu.destination_addr,
      destination_addr: pdu.source_addr,
      esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
      receipted_message_id: id,
      message_state: STATES[settings.stat],
      short_message: words.join(' '),
    },
    (answer) => tell('receipt', { number, over: way.kind, status: answer.command_status })
  );
}

// --- What is asked about them --------------------------------------------------------------------
function query(session, pdu) {
  const found = taken.get(pdu.message_id);
  tell('query', { message_id: pdu.message_id, source: pdu.source_addr, known: Boolean(found) });
  session.send(
    pdu.response(
      found
        ? { message_id: written(found.number, settings.responseIds), message_state: STATES.ENROUTE }
        : { command_status: smpp.ESME_RQUERYFAIL }
    )
  );
}

function cancel(session, pdu) {
  const found = taken.get(pdu.message_id);
  tell('cancel', {
    message_id: pdu.message_id,
    source: pdu.source_addr,
    destination: pdu.destination_addr,
    known: Boolean(found),
  });
  session.send(pdu.response({ command_status: found ? smpp.ESME_ROK : smpp.ESME_RCANCELFAIL }));
}

// --- The server ----------------------------------------------------------------------------------
function serve(session) {
  session.on('bind_transceiver', bind(session, 'transceiver'));
  session.on('bind_transmitter', bind(session, 'transmitter'));
  session.on('bind_receiver', bind(session, 'receiver'));
  session.on('submit_sm', (pdu) => submit(session, pdu));
  session.on('query_sm', (pdu) => query(session, pdu));
  session.on('cancel_sm', (pdu) => cancel(session, pdu));
  session.on('enquire_link', (pdu) => {
    tell('enquire_link', {});
    session.send(pdu.response());
  });
  session.on('unbind', (pdu) => {
    tell('unbind', {});
    session.send(pdu.response(), () => session.close());
  });
  session.on('unbind_resp', () => {
    tell('unbind_resp', {});
    session.close();
  });
  session.on('generic_nack', (pdu) => tell('generic_nack', { status: pdu.command_status }));
  session.on('unknown', (pdu) => tell('unknown', { command_id: pdu.command_id }));
  session.on('error', (error) => tell('error', { error: String(error) }));
  session.on('close', () => {
    forget(session);
    tell('close', {});
  });
}

const ORDERS = {
  set: (order) => Object.assign(settings, order.settings),
  enquire: () =>
    bound.forEach((one) =>
      one.enquire_link((answer) => tell('enquire_link_resp', { status: answer.command_status }))
    ),
  unbind: () => bound.forEach((one) => one.unbind()),
  // One for each message that was taken by now, over whatever link there is.
  receipts: () =>
    new Set(taken.values()).forEach((one) => receipt(bound[0], one.pdu, one.number)),
  forget: (order) =>
    taken.forEach((one, id) => one.number === order.number && taken.delete(id)),
  drop: () => bound.forEach((one) => one.destroy()),
};

const secret = settings.tls
  ? { key: fs.readFileSync(settings.tls.key), cert: fs.readFileSync(settings.tls.cert) }
  : {};
const server = smpp.createServer(secret, serve);
server.on('tlsClientError', (error) => tell('tls_refused', { error: String(error.code || error) }));
server.listen(settings.port, '127.0.0.1', () => tell('listening', { port: server.address().port }));
readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const order = JSON.parse(line);
  ORDERS[order.do](order);
  tell('done', { order: order.do });
});
process.stdin.on('end', () => process.exit(0));
