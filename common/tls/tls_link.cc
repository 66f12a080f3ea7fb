// SPDX-License-Identifier: ISC
#include "common/tls/tls_link.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/tls/tls_frames.hh"
#include "common/tls/tls_process.hh"

namespace common {

TlsLink::TlsLink(Loop& loop, Log& log, std::function<void()> end)
    : log_(log),
      process_({.role = std::string{label_of_tlsd},
                .max_packet = max_tls_packet,
                .has_errors_logged = true,
                .on_packet = [this](std::span<const char> packet) { heed(packet); },
                .on_misuse = std::move(end)}) {
    process_.attach(loop, log);
}

Fd TlsLink::open_client(const Address& client, std::size_t max_clients) {
    std::pair<Fd, Fd> ends = make_packet_pair();
    if (!is_full())
        process_.send(pack_tls_frame({.word = TlsWord::client,
                                      .number = static_cast<std::uint32_t>(max_clients),
                                      .bytes = client.network()}),
                      std::move(ends.second));
    return std::move(ends.first);
}

void TlsLink::heed(std::span<const char> packet) {
    const TlsFrame note = unpack_tls_frame(packet);
    if (note.word == TlsWord::ready) {
        was_ready_ = true;
        return;
    }
    if (note.word != TlsWord::note) throw PeerError("tlsd sent a frame that is not for its main process");
    log_.write_for(label_of_tlsd, process_.pid(), severity_of(note), note.bytes);
}

} // namespace common
