// SPDX-License-Identifier: ISC
#include "chatd/handler/ignored_people.hh"

#include "chatd/protocol.hh"
#include "common/text.hh"

#include <vector>

namespace chatd {

void IgnoredPeople::ignore(std::uint64_t person, std::uint64_t client, std::string_view name) {
    names_[person] = name;
    persons_[client] = person;
}

void IgnoredPeople::show_again(std::uint64_t person) {
    names_.erase(person);
    std::erase_if(persons_, [&](const auto& entry) { return entry.second == person; });
}

bool IgnoredPeople::take(std::string_view words, std::string_view name) {
    const bool begins = words.starts_with('+');
    std::vector<std::uint64_t> numbers;
    for (const auto& [number] : Former::iter_unpack(words.substr(1))) numbers.push_back(number);
    if (begins)
        for (const std::uint64_t client : numbers) ignore(numbers[0], client, name);
    else
        for (const std::uint64_t person : numbers) show_again(person);
    return begins;
}

std::string IgnoredPeople::ignored_names() const {
    std::string names;
    for (const auto& [person, name] : names_) names += common::text(names.empty() ? "" : ", ", name);
    return names;
}

} // namespace chatd
