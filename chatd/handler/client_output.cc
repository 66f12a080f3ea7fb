// SPDX-License-Identifier: ISC
#include "chatd/handler/client_output.hh"

#include "common/text.hh"

using namespace common;

namespace chatd {

ClientOutput::ClientOutput(Fd client, const Catalogues& catalogues, Language language)
    : client_(std::move(client)),
      display_(catalogues, catalogues.has(language) ? language : Language::english, *line_) {}

bool ClientOutput::change_dialect() {
    if (telnet_) return false;
    telnet_ = line_->take_successor();
    if (!telnet_) return false;
    display_.set_dialect(*telnet_);
    line_.reset();
    return true;
}

void ClientOutput::lift() {
    if (telnet_) telnet_->edited_line().lift(output_);
}

void ClientOutput::lay() {
    if (telnet_) telnet_->edited_line().lay(output_);
}

void ClientOutput::ask(Asked asked) {
    show(dialect().ask(asked, display_.question(asked)));
    if (telnet_) append(telnet_->prompt_end());
}

void ClientOutput::show(std::string_view bytes) {
    if (bytes.empty()) return;
    lift();
    const std::size_t from = output_.size();
    output_ += bytes;
    if (telnet_) telnet_->translate(output_, from);
}

void ClientOutput::show_record(const Record& record, std::string_view room, Display::When when) {
    lift();
    const std::size_t from = output_.size();
    display_.append_record(output_, record, room, when);
    if (telnet_) telnet_->translate(output_, from);
}

void ClientOutput::finish(std::string_view last_words, End end) {
    if (telnet_) telnet_->edited_line().close(output_);
    show(last_words);
    end_ = end;
}

bool ClientOutput::write() {
    std::size_t written = 0;
    while (written < output_.size()) {
        const IoResult wrote = write_some(client_.get(), std::string_view{output_}.substr(written));
        if (wrote.state == IoState::vanished) throw Gone{};
        if (wrote.state != IoState::done) break;
        written += wrote.bytes;
    }
    output_.erase(0, written);
    return written > 0;
}

} // namespace chatd
