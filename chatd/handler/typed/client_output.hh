// SPDX-License-Identifier: ISC
// What one client is told: words in the client's language, made into bytes by its dialect, which its socket
// writes. Run by handlers.
#pragma once

#include "chatd/handler/client_socket.hh"
#include "chatd/handler/typed/display.hh"
#include "chatd/handler/typed/line_dialect.hh"
#include "chatd/handler/typed/telnet_dialect.hh"
#include "chatd/phrases.hh"
#include "chatd/protocol.hh"
#include "chatd/terminal/session_option.hh"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace chatd {

class ClientOutput {
public:
    static constexpr std::size_t max_waiting = ClientSocket::max_waiting;

    // English if the catalogue of the language does not exist.
    ClientOutput(ClientSocket& client, const Catalogues& catalogues, Language language);

    ClientSocket& client() { return client_; }
    Display& display() { return display_; }
    const Display& display() const { return display_; }
    Dialect& dialect() {
        if (telnet_) return *telnet_;
        return *line_;
    }
    const Dialect& dialect() const {
        if (telnet_) return *telnet_;
        return *line_;
    }
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
    void append(std::string_view bytes) { client_.append(bytes); }

    bool has_room() const { return client_.has_room(); }
    bool is_empty() const { return client_.is_empty(); }
    std::size_t size() const { return client_.size(); } // bytes that wait

    // Nothing more is taken in; what waits is still written.
    void finish(std::string_view last_words = {}, End end = End::for_good);
    bool is_ending() const { return client_.is_ending(); }
    std::optional<End> end() const { return end_; }

    // Puts the line that is being typed below what was shown; then what waits is ready to be written.
    void lay();

private:
    void lift();

    ClientSocket& client_;
    std::unique_ptr<LineDialect> line_ = std::make_unique<LineDialect>(); // until the client speaks telnet
    std::unique_ptr<TelnetDialect> telnet_;
    Display display_;
    std::optional<End> end_;
};

} // namespace chatd
