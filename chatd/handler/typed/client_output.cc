// SPDX-License-Identifier: ISC
#include "chatd/handler/typed/client_output.hh"

namespace chatd {

ClientOutput::ClientOutput(ClientSocket& client, const Catalogues& catalogues, Language language)
    : client_(client),
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
    if (telnet_) telnet_->edited_line().lift(client_.waiting());
}

void ClientOutput::lay() {
    if (telnet_) telnet_->edited_line().lay(client_.waiting());
}

void ClientOutput::ask(Asked asked) {
    show(dialect().ask(asked, display_.question(asked)));
    if (telnet_) append(telnet_->prompt_end());
}

void ClientOutput::show(std::string_view bytes) {
    if (bytes.empty()) return;
    lift();
    const std::size_t from = client_.size();
    client_.append(bytes);
    if (telnet_) telnet_->translate(client_.waiting(), from);
}

void ClientOutput::show_record(const Record& record, std::string_view room, Display::When when) {
    lift();
    const std::size_t from = client_.size();
    display_.append_record(client_.waiting(), record, room, when);
    if (telnet_) telnet_->translate(client_.waiting(), from);
}

void ClientOutput::finish(std::string_view last_words, End end) {
    if (telnet_) telnet_->edited_line().close(client_.waiting());
    show(last_words);
    client_.finish();
    end_ = end;
}

} // namespace chatd
