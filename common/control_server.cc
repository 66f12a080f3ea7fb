// SPDX-License-Identifier: ISC
#include "common/control_server.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"

#include <algorithm>
#include <system_error>
#include <unistd.h>

namespace common {

ControlServer::ControlServer(Loop& loop, std::string path, std::vector<ControlVerb> verbs)
    : loop_(loop),
      path_(std::move(path)),
      verbs_(std::move(verbs)),
      listener_(listen_on(Address::of_path(path_), 0600)) {
    loop_.watch(listener_.get(), Interest::read, [this](const Event&) { accept_clients(); });
}

ControlServer::~ControlServer() {
    while (!clients_.empty()) drop(clients_.begin()->first);
    loop_.cancel(pause_);
    loop_.forget(listener_.get());
    ::unlink(path_.c_str());
}

void ControlServer::accept_clients() {
    try {
        while (clients_.size() < max_clients) {
            std::optional<Accepted> accepted = accept_from(listener_);
            if (!accepted) return;
            const int fd = accepted->socket.get();
            loop_.watch(fd, Interest::read, [this, fd](const Event& event) { serve(fd, event); });
            clients_[fd].socket = std::move(accepted->socket);
        }
        loop_.change(listener_.get(), Interest::none); // at the limit the listener is not polled
    } catch (const std::runtime_error&) {
        pause_accepting(); // no descriptor to be had, or one too high for select(2)
    }
}

void ControlServer::pause_accepting() {
    loop_.change(listener_.get(), Interest::none);
    loop_.cancel(pause_);
    pause_ = loop_.at(Clock::now() + std::chrono::seconds{1},
                      [this] { loop_.change(listener_.get(), Interest::read); });
}

void ControlServer::serve(int fd, const Event& event) {
    Client& client = clients_.at(fd);
    try {
        if (event.hangup && !event.readable) return drop(fd);
        take_lines(fd, client);
    } catch (const std::system_error&) {
        drop(fd);
    }
}

// Writes what is left to write, then answers line after line until nothing comes or an answer is not taken.
void ControlServer::take_lines(int fd, Client& client) {
    if (!flush(client)) return drop(fd);
    for (int budget = 32; client.output.empty(); --budget) {
        if (budget == 0) return loop_.again(fd);
        if (const std::optional<Line> line = client.input.next()) {
            client.output = answer(*line);
            if (!flush(client)) return drop(fd);
            continue;
        }
        if (client.ended) return drop(fd); // half a line is no question
        switch (client.input.fill(fd)) {
        case IoState::done: break;
        case IoState::would_block:
            if (client.input.full()) break; // an over-long line: next() makes room
            return loop_.change(fd, Interest::read);
        case IoState::ended: client.ended = true; break;
        case IoState::vanished: return drop(fd);
        }
    }
    loop_.change(fd, Interest::write);
}

bool ControlServer::flush(Client& client) {
    while (!client.output.empty()) {
        const IoResult wrote = write_some(client.socket.get(), client.output);
        if (wrote.state == IoState::would_block) return true;
        if (wrote.state != IoState::done) return false;
        client.output.erase(0, wrote.bytes);
    }
    return true;
}

void ControlServer::drop(int fd) {
    loop_.forget(fd);
    clients_.erase(fd);
    loop_.change(listener_.get(), Interest::read);
}

std::string ControlServer::answer(const Line& line) const {
    if (line.too_long) return text("error the line is longer than ", max_line, " bytes\n");
    std::string out;
    try {
        const std::vector<std::string> words = split_words(line.text);
        if (words.empty()) return {}; // a blank line is no question
        for (const std::string& data : run(words)) out += text(' ', keep_to_one_line(data), '\n');
        return out + "ok\n";
    } catch (const std::runtime_error& error) {
        return text("error ", keep_to_one_line(error.what()), '\n');
    }
}

std::vector<std::string> ControlServer::run(Words words) const {
    if (words[0] == "help") return help();
    const auto verb =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const auto& v) { return v.name == words[0]; });
    if (verb == verbs_.end())
        throw UserError(text("there is no verb '", escape(words[0], 64), "': `help' lists them"));
    if (verb->arguments.empty() && words.size() > 1) throw UserError(text(verb->name, " takes no arguments"));
    return verb->run(words.subspan(1));
}

std::vector<std::string> ControlServer::help() const {
    std::vector<std::string> lines;
    const auto add = [&](std::string_view name, std::string_view arguments, std::string_view help) {
        std::string left = text(name, arguments.empty() ? "" : " ", arguments);
        left.resize(std::max<std::size_t>(left.size() + 1, 24), ' ');
        lines.push_back(left + std::string{help});
    };
    for (const ControlVerb& verb : verbs_) add(verb.name, verb.arguments, verb.help);
    add("help", "", "list the verbs");
    return lines;
}

} // namespace common
