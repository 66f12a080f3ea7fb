// SPDX-License-Identifier: ISC
// What one client of IRC is sent: the answers to its commands, which carry the label that the command had
// (IRCv3's labeled-response: one line with the label, a batch of several, or ACK), and all else, which does
// not. Run by handlers. Pure: it appends to what waits to be written.
#pragma once

#include "chatd/handler/irc/capabilities.hh"
#include "chatd/handler/irc/numerics.hh"
#include "chatd/handler/irc/server_line.hh"

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace chatd::irc {

class Replies {
public:
    // Both outlive it.
    Replies(std::string& out, const Capabilities& capabilities) : out_(out), capabilities_(capabilities) {}

    // The client's name, as answers have it: * until it has one.
    const std::string& nick() const { return nick_; }
    void set_nick(std::string nick) { nick_ = std::move(nick); }

    // A command begins to be answered; label: that it has, or empty.
    void begin(std::string_view label);
    // It is answered.
    void end();
    // Its label, as long as no answer has it; empty: it has none.
    const std::string& label() const { return label_; }
    // A label of an earlier command, whose answer does not come.
    void acknowledge(std::string_view label);
    // Something else has repeated it: no answer does, nor ACK.
    void take_label() { label_.clear(); }

    // An answer.
    void answer(ServerLine line);
    // The words of the numeric, or these.
    void numeric(Numeric number, std::initializer_list<std::string_view> params = {});
    void numeric(Numeric number, std::initializer_list<std::string_view> params, std::string_view words);
    // A numeric that ends with its parameters.
    void bare_numeric(Numeric number, std::initializer_list<std::string_view> params);
    // FAIL of standard-replies, or the words alone to who does not know that.
    void fail(std::string_view command, std::string_view code, const std::vector<std::string>& context,
              std::string_view words);
    // The server's words to the client, which no program answers.
    void notice(std::string_view words);

    // What is no answer.
    void event(const ServerLine& line) { out_ += line.str(); }
    // The same for lines that belong together: a batch of that type, of which others may be there at the same
    // time. Its reference; empty for a client that knows no batches, which gets the lines alone. about: its
    // parameter, or empty. label: the command's, if the batch is all of the answer; it is taken then.
    std::string begin_batch(std::string_view type, std::string_view about, std::string_view label = {});
    void batch_event(const std::string& batch, ServerLine line);
    void end_batch(const std::string& batch);

private:
    ServerLine begin_numeric(Numeric number, std::initializer_list<std::string_view> params) const;

    std::string& out_;
    const Capabilities& capabilities_;
    std::string nick_ = "*";
    std::string label_;              // empty: nothing is to be repeated
    std::optional<ServerLine> held_; // the first answer, as long as it may be the only one
    std::string batch_;              // of the answers; empty: there is none yet
    unsigned batches_ = 0;           // that there were
};

// Labels of what the client says, which its echo repeats: by the request that said it.
class Echoes {
public:
    struct Echo {
        std::uint32_t serial;
        std::uint32_t room;
        std::string label;
    };
    // The label of that of those that wait which is given up, if they are too many; or empty.
    std::string expect(Echo echo);
    // The label; empty: that has none.
    std::string take(std::uint32_t serial);
    // The labels of what is said in a room that is followed no more: none of them comes.
    std::vector<std::string> forget(std::uint32_t room);

private:
    static constexpr std::size_t most = 64;
    std::vector<Echo> all_;
};

} // namespace chatd::irc
