// SPDX-License-Identifier: ISC
// What one client is told, and what of it waits to be written: words in the client's language, made into
// bytes by its dialect. Run by handlers. It grows no further than has_room and the hub's caps allow, so a
// slow client costs little memory.
#pragma once

#include "chatd/handler/client_tls.hh"
#include "chatd/handler/display.hh"
#include "chatd/handler/line_dialect.hh"
#include "chatd/handler/telnet_dialect.hh"
#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/session_option.hh"
#include "common/fd.hh"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

// Thrown when the client or the hub is gone: nothing can be said any more.
struct Gone {};

class ClientOutput {
public:
    // Bytes that wait; then nothing more is taken from logs and client.
    static constexpr std::size_t max_waiting = 32768;

    // English if the catalogue of the language does not exist. Owns the client's socket.
    ClientOutput(common::Fd client, const Catalogues& catalogues, Language language);

    int fd() const { return client_.get(); }
    Display& display() { return display_; }
    const Display& display() const { return display_; }
    Dialect& dialect() {
        if (telnet_) return *telnet_;
        return *line_;
    }
    ClientTls& tls() { return tls_; }
    // nullptr: the client does not speak telnet.
    TelnetDialect* telnet() { return telnet_.get(); }
    const TelnetDialect* telnet() const { return telnet_.get(); }
    // Goes over to the dialect that the client turned out to speak, if it did; whether it did.
    bool change_dialect();

    void ask(Asked asked);
    // Whole lines: above the line that is being typed, if one is.
    void show(std::string_view bytes);
    template <class... Arguments>
    void say(Phrase phrase, const Arguments&... arguments) {
        show(display_.line(phrase, arguments...));
    }
    void refuse(Refusal why, unsigned tries_left = 0) { show(display_.refused(why, tries_left)); }
    // Of a record that the display shows.
    void show_record(const Record& record, std::string_view room, Display::When when);
    // For the client's program alone, as telnet's subnegotiations are.
    void append(std::string_view bytes) { output_ += bytes; }

    bool has_room() const { return output_.size() < max_waiting; }
    bool is_empty() const { return output_.empty(); }
    std::size_t size() const { return output_.size(); } // bytes that wait

    // Nothing more is taken in; what waits is still written.
    void finish(std::string_view last_words = {}, End end = End::for_good);
    bool is_ending() const { return end_.has_value(); }
    std::optional<End> end() const { return end_; }

    // Puts the line that is being typed below what was shown; then what waits is ready to be written.
    void lay();
    // Writes as much as the client takes; whether that was anything. Throws Gone.
    bool write();

private:
    void lift();

    ClientTls tls_; // outlives the socket: the relay hears what that's end means before it
    common::Fd client_;
    std::unique_ptr<LineDialect> line_ = std::make_unique<LineDialect>(); // until the client speaks telnet
    std::unique_ptr<TelnetDialect> telnet_;
    Display display_;
    std::string output_;
    std::optional<End> end_;
};

} // namespace chatd
