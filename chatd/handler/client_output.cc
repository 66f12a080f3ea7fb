// SPDX-License-Identifier: ISC
#include "chatd/handler/client_output.hh"

#include "common/text.hh"

using namespace common;

namespace chatd {

ClientOutput::ClientOutput(Fd client, const Catalogues& catalogues, Language language)
    : client_(std::move(client)),
      display_(catalogues, catalogues.has(language) ? language : Language::english, make_line_dialect()) {}

void ClientOutput::show(std::string_view bytes) {
    if (bytes.empty()) return;
    dialect().lift(output_);
    output_ += bytes;
}

void ClientOutput::refuse_language(std::string_view name) {
    std::string known;
    for (const std::string_view each : language_names)
        if (display_.knows(*find_language(each))) known += text(known.empty() ? "" : ", ", each);
    say(Phrase::no_language, escape(name, 32), known);
}

void ClientOutput::show_record(const Record& record, std::string_view room, Display::When when) {
    dialect().lift(output_);
    display_.append_record(output_, record, room, when);
}

void ClientOutput::finish(std::string_view last_words, End end) {
    dialect().close(output_);
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
