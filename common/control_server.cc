// SPDX-License-Identifier: ISC
#include "common/control_server.hh"

#include "common/errors.hh"
#include "common/record_bytes.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <iterator>
#include <unistd.h>

namespace common {

namespace {

// Of a connection, for an upgrade: whether it waits for how that goes.
constexpr std::size_t max_moved = 8192; // bytes, of what is not yet heard and not yet written
using Asks = pack::Struct<"=?">;

// Whatever it holds stays on its line: nothing can look like the end of an answer.
std::string data_line(std::string_view data) { return text(' ', keep_to_one_line(data), '\n'); }

// A blank line is none, nor is a comment.
bool is_question(std::string_view line) {
    const std::size_t start = line.find_first_not_of(" \t");
    return start != line.npos && line[start] != '#';
}

std::string error_line(const std::runtime_error& error) {
    return text("error ", keep_to_one_line(error.what()), '\n');
}

std::vector<std::string> help_of(const std::vector<ControlVerb>& verbs) {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view name, std::string_view arguments, std::string_view help) {
        std::string left = text(name, arguments.empty() ? "" : " ", arguments);
        left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
        lines.push_back(left + std::string{help});
    };
    for (const ControlVerb& verb : verbs) add(verb.name, verb.arguments, verb.help);
    add("help", "", "list the verbs");
    return lines;
}

std::string too_long_words() { return text("the line is longer than ", ControlServer::max_line, " bytes"); }

} // namespace

std::optional<std::string> ControlServer::Moved::pack() const {
    if (input.size() + output.size() > max_moved) return {}; // it reads nothing
    return RecordWriter{}.text(input).text(output).fields<Asks>(awaits_answer).take();
}

ControlServer::Moved ControlServer::Moved::unpack(std::string_view bytes, Fd socket) {
    RecordReader reader{bytes};
    Moved moved{std::move(socket)};
    moved.input = reader.text(max_moved);
    moved.output = reader.text(max_moved);
    moved.awaits_answer = std::get<0>(reader.fields<Asks>());
    reader.expect_end();
    return moved;
}

ControlServer::ControlServer(Loop& loop, Fd listener, std::vector<ControlVerb> verbs, Manners manners)
    : loop_(loop),
      verbs_(std::move(verbs)),
      listener_(std::move(listener)),
      accepting_(
          loop_, listener_.get(), Interest::read, [this](const Event&) { accept_clients(); },
          [this](const std::exception&) { pause_accepting(); }),
      manners_(std::move(manners)) {}

ControlServer::~ControlServer() {
    stop_accepting();
    loop_.cancel(going_on_);
    loop_.cancel(silence_end_);
    loop_.cancel(hearing_);
}

void ControlServer::stop_accepting() {
    loop_.cancel(pause_);
    accepting_.reset();
}

std::vector<Fd> ControlServer::close() {
    std::vector<Fd> open;
    for (auto& [fd, client] : clients_) open.push_back(client.socket.release());
    clients_.clear();
    if (!listener_) return open;
    stop_accepting();
    ::shutdown(listener_.get(), SHUT_RDWR); // the keeper has it, too
    listener_.reset();
    return open;
}

void ControlServer::accept_clients() {
    // Who comes is heard before so many others have come that it would have to make room for them.
    constexpr std::size_t at_once = 4;
    for (std::size_t taken = 0; taken < at_once; ++taken) {
        const bool is_full = clients_.size() >= max_clients;
        const auto leaving = who_makes_room();
        // At the limit the listener is not polled.
        if (is_full && leaving == clients_.end()) return accepting_.change(Interest::none);
        std::optional<Accepted> accepted = accept_from(listener_);
        if (!accepted) return;
        if (is_full) clients_.erase(leaving);
        add(std::move(accepted->socket));
    }
    accepting_.again();
}

std::map<int, ControlServer::Client>::iterator ControlServer::who_makes_room() {
    auto found = clients_.end();
    if (manners_.silence.count() == 0) return found;
    for (auto one = clients_.begin(); one != clients_.end(); ++one)
        if (!one->second.goes_on() && (found == clients_.end() || one->second.heard < found->second.heard))
            found = one;
    return found;
}

ControlServer::Client& ControlServer::add(Fd accepted) {
    const int fd = accepted.get();
    Watch socket{loop_, std::move(accepted), Interest::read,
                 [this, fd](const Event& event) { serve(fd, event); },
                 [this, fd](const std::exception&) { drop(fd); }};
    Client& client = clients_[fd];
    client.socket = std::move(socket);
    watch_silence();
    return client;
}

// One timer for all of them, and none where nobody is connected.
void ControlServer::watch_silence() {
    if (manners_.silence.count() == 0 || clients_.empty() || std::exchange(watches_silence_, true)) return;
    const auto first = std::min_element(clients_.begin(), clients_.end(), [](const auto& a, const auto& b) {
        return a.second.heard < b.second.heard;
    });
    silence_end_ = loop_.at(first->second.heard + manners_.silence, [this] {
        watches_silence_ = false;
        drop_silent();
    });
}

void ControlServer::drop_silent() {
    std::vector<int> silent;
    for (const auto& [fd, client] : clients_)
        if (client.heard + manners_.silence <= Clock::now()) silent.push_back(fd);
    for (const int fd : silent) drop(fd);
    watch_silence();
}

bool ControlServer::is_answering() const {
    return std::ranges::any_of(clients_, [](const auto& one) { return one.second.goes_on(); });
}

std::vector<ControlServer::Moved> ControlServer::take_moved() {
    std::vector<Moved> all;
    for (auto one = clients_.begin(); one != clients_.end();) {
        Client& client = one->second;
        // The rest of a line that was too long is none.
        const bool is_moved = client.goes_on() ? client.going_on.is_moved : client.input.at_line_start();
        if (is_moved)
            all.push_back({client.socket.release(), std::string{client.input.buffered()},
                           std::move(client.output), client.goes_on()});
        one = is_moved ? clients_.erase(one) : std::next(one);
    }
    return all;
}

void ControlServer::adopt(Moved moved, ControlAnswer answer) {
    if (clients_.size() >= max_clients) {
        const auto leaving = who_makes_room();
        if (leaving == clients_.end()) return;
        clients_.erase(leaving);
    }
    Client& client = add(std::move(moved.socket));
    client.input.add(moved.input);
    client.output = std::move(moved.output);
    client.going_on = std::move(answer);
    client.socket.change(Interest::both);
}

// No descriptor was to be had, or one too high for select(2).
void ControlServer::pause_accepting() {
    accepting_.change(Interest::none);
    loop_.cancel(pause_);
    pause_ = loop_.at(Clock::now() + std::chrono::seconds{1}, [this] { accepting_.change(Interest::read); });
}

void ControlServer::serve(int fd, const Event& event) {
    if (event.hangup && !event.readable) return drop(fd);
    take_lines(fd, clients_.at(fd));
}

// Writes what is left to write, then answers line after line until nothing comes or an answer is not taken.
void ControlServer::take_lines(int fd, Client& client) {
    if (!client.flush() || !send_more(client)) return drop(fd);
    for (int budget = 32; client.output.empty(); --budget) {
        if (budget == 0) return client.socket.again();
        const bool awaits_end = client.goes_on() && client.going_on.has_ended; // which comes first
        if (awaits_end || client.is_deaf || !hears_questions_) return client.socket.change(Interest::none);
        if (const std::optional<Line> line = client.input.next()) {
            hear(client, *line);
            if (!client.flush() || !send_more(client)) return drop(fd);
            continue;
        }
        if (manners_.refuse && !client.input.at_line_start()) { // or it would be read for ever
            client.output = error_line(UserError{too_long_words()});
            client.flush();
            return drop(fd);
        }
        if (client.ended) return drop(fd); // half a line is not a question
        switch (client.input.fill(fd)) {
        case IoState::done: break;
        case IoState::would_block:
            if (client.input.full()) break; // an over-long line: next() makes room
            return client.socket.change(Interest::read);
        case IoState::ended: client.ended = true; break;
        case IoState::vanished: return drop(fd);
        }
    }
    client.socket.change(Interest::write);
}

void ControlServer::hear(Client& client, const Line& line) {
    const std::optional<Manners::Refusal> refusal = manners_.refuse ? manners_.refuse() : std::nullopt;
    if (!refusal) return answer(client, line);
    client.output = error_line(UserError{refusal->why});
    client.is_deaf = true;
    loop_.cancel(hearing_); // it is the same time for all
    hearing_ = loop_.at(Clock::now() + refusal->wait, [this] { hear_again(); });
}

void ControlServer::hear_again() {
    for (auto& [fd, client] : clients_) {
        if (!std::exchange(client.is_deaf, false)) continue;
        client.socket.change(client.output.empty() ? Interest::read : Interest::both);
        client.socket.again();
    }
}

bool ControlServer::Client::flush() {
    while (!output.empty()) {
        const IoResult wrote = write_some(socket.fd(), output);
        if (wrote.state == IoState::would_block) return true;
        if (wrote.state != IoState::done) return false;
        output.erase(0, wrote.bytes);
    }
    return true;
}

void ControlServer::drop(int fd) {
    clients_.erase(fd);
    if (accepting_) accepting_.change(Interest::read);
}

void ControlServer::answer(Client& client, const Line& line) const {
    if (client.goes_on()) {
        client.going_on = {};
        client.output = "ok\n"; // anything ends an answer that goes on
    } else if (line.too_long)
        client.output = error_line(UserError{too_long_words()});
    if (!client.output.empty()) return;
    try {
        ControlAnswer found = run(client, line.text);
        for (const std::string& data : std::exchange(found.lines, {})) client.output += data_line(data);
        client.going_on = std::move(found);
        if (!client.goes_on() && is_question(line.text)) client.output += "ok\n";
    } catch (const std::runtime_error& error) {
        client.output = error_line(error);
    }
}

bool ControlServer::Client::take_more() {
    constexpr std::size_t enough = 65536; // bytes; the rest when these are taken
    constexpr std::chrono::milliseconds long_enough{2};
    const ControlAnswer& from = going_on;
    const Clock::time_point until = Clock::now() + long_enough;
    try {
        while (output.size() < enough) {
            const std::optional<std::string> line = from.more();
            if (!line) return from.is_busy && from.is_busy();
            output += data_line(*line);
            if (Clock::now() >= until) return true;
        }
        return true;
    } catch (const std::runtime_error& error) {
        going_on = {};
        output += error_line(error);
        return false;
    }
}

// One round's share of an answer that goes on; false: the client has gone.
bool ControlServer::send_more(Client& client) {
    if (!client.goes_on() || !client.output.empty()) return true;
    const bool has_more = client.take_more();
    if (client.goes_on() && client.going_on.has_ended && client.going_on.has_ended()) {
        client.going_on = {};
        client.output += "ok\n";
    }
    if (!client.flush()) return false;
    if (has_more && client.output.empty()) continue_soon(); // else when the client has taken that
    return true;
}

// Once for all of them, so that many that have much to say do not take more rounds.
void ControlServer::continue_soon() {
    if (std::exchange(goes_on_soon_, true)) return;
    going_on_ = loop_.at(Clock::now(), [this] {
        goes_on_soon_ = false;
        continue_answers();
    });
}

void ControlServer::continue_answers() {
    std::vector<int> gone;
    for (auto& [fd, client] : clients_) {
        if (!client.goes_on() || !client.output.empty()) continue;
        const auto go_on = [&, &one = client] {
            if (!send_more(one))
                gone.push_back(one.socket.fd());
            else if (!one.output.empty())
                one.socket.change(Interest::both);
            else if (!one.goes_on()) { // it has ended: on to the next question
                one.socket.change(Interest::read);
                one.socket.again();
                if (accepting_ && manners_.silence.count() > 0) accepting_.change(Interest::read);
            }
        };
        loop_.attempt(
            go_on, [&gone, &socket = client.socket](const std::exception&) { gone.push_back(socket.fd()); });
    }
    for (const int fd : gone) drop(fd);
}

ControlAnswer ControlServer::run(Client& client, std::string_view line) const {
    if (!is_question(line)) return {};
    const std::size_t start = line.find_first_not_of(" \t");
    const std::string_view first = line.substr(start, line.find_first_of(" \t", start) - start);
    const std::string name = first[0] == '"' ? split_words(first).at(0) : std::string{first};
    if (name == "help") return help_of(verbs_);
    const auto verb =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const auto& v) { return v.name == name; });
    if (verb == verbs_.end())
        throw UserError(text("there is no verb '", escape(name, 64), "': `help' lists them"));
    const std::string_view rest = line.substr(start + first.size());
    std::vector<std::string> words{
        std::string{rest.substr(std::min(rest.find_first_not_of(" \t"), rest.size()))}};
    if (!verb->takes_rest) words = split_words(rest);
    if (verb->arguments.empty() && !words.empty()) throw UserError(text(verb->name, " takes no arguments"));
    ControlAnswer answer = verb->run(words);
    client.heard = Clock::now();
    return answer;
}

} // namespace common
