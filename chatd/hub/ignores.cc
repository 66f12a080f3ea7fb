// SPDX-License-Identifier: ISC
#include "chatd/hub/ignores.hh"

#include "chatd/words.hh"
#include "common/text.hh"

#include <algorithm>
#include <vector>

using common::text;

namespace chatd {
namespace {

std::string packed(ClientNumber number) {
    const auto bytes = Former::pack(number);
    return {bytes.data(), bytes.size()};
}

} // namespace

void Ignores::on_ignore(Client& client, Packet packet) {
    const std::string name = IgnoreFrame::read(packet).second;
    const Client* const whom = people_.find(name);
    if (show_again(client, fold_name(name), whom)) return;
    if (whom == nullptr) return answers_.refuse(client, Refusal::nobody);
    if (client.ignored.size() == max_ignored) return answers_.refuse(client, Refusal::too_many_ignored);
    client.ignored.push_back({whom->person, whom->name});
    ignoring_.insert(client.number);
    tickets_.note(client.number, client.person, client.ignored);
    answers_.confirm(client, text('+', packed(whom->person.first), numbers_of(whom->person)));
}

// All that it is and was, as far as they are known and a frame holds them.
std::string Ignores::numbers_of(const Person& person) const {
    std::vector<ClientNumber> numbers = tickets_.numbers_of(person); // also of a connection that has ended
    numbers.push_back(person.first);
    for (const auto& [number, client] : people_.all()) {
        if (!person.is(client.person)) continue;
        numbers.push_back(number);
        numbers.insert(numbers.end(), client.formers.begin(), client.formers.end());
    }
    std::sort(numbers.begin(), numbers.end());
    numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    if (numbers.size() > max_formers) numbers.erase(numbers.begin(), numbers.end() - max_formers);
    std::string words;
    for (const ClientNumber number : numbers) words += packed(number);
    return words;
}

// Answered with `-' and the persons, if there are any.
bool Ignores::show_again(Client& client, const std::string& folded_name, const Client* whom) {
    std::string words{'-'};
    std::erase_if(client.ignored, [&](const Client::Ignored& one) {
        const bool ends =
            (whom != nullptr && one.person.is(whom->person)) || fold_name(one.name) == folded_name;
        if (!ends) return false;
        words += packed(one.person.first);
        return true;
    });
    if (words.size() == 1) return false;
    tickets_.note(client.number, client.person, client.ignored);
    answers_.confirm(client, words);
    return true;
}

void Ignores::tell_of(const Client& client) {
    std::erase_if(ignoring_, [&](ClientNumber number) {
        Client* const other = people_.find(number);
        if (other == nullptr || other->ignored.empty()) return true;
        for (Client::Ignored& one : other->ignored) {
            if (!one.person.is(client.person)) continue;
            one.name = client.name;
            tell(*other, one, packed(client.number));
        }
        return false;
    });
}

void Ignores::tell_all(const Client& client) {
    if (client.ignored.empty()) return;
    ignoring_.insert(client.number);
    for (const Client::Ignored& one : client.ignored) tell(client, one, numbers_of(one.person));
}

void Ignores::tell(const Client& client, const Client::Ignored& ignored, std::string_view numbers) {
    if (!client.pair) return;
    answers_.send(client, KnownAsFrame::make(text(ignored.name, numbers), ignored.person.first,
                                             static_cast<std::uint8_t>(ignored.name.size())));
}

} // namespace chatd
