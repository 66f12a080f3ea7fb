// SPDX-License-Identifier: ISC
#include "chatd/chat_options.hh"

#include "common/text.hh"

using namespace common;

namespace chatd {

std::vector<Option> chat_options(ChatOptions& wanted) {
    using Action = ChatOptions::Action;
    return {
        {'V', "", "print the version and stop", [&](auto) { wanted.action = Action::show_version; }},
        {'h', "", "print this text and stop", [&](auto) { wanted.action = Action::show_usage; }},
    };
}

std::vector<Address> server_addresses(std::string_view operand) {
    if (operand.substr(0, 5) == "unix:") return resolve_address(operand);
    if (operand.find('/') != operand.npos) return {Address::of_path(operand)};
    const bool has_port = operand.find(':') != operand.npos && operand.back() != ']';
    return resolve_address(has_port ? std::string{operand} : text(operand, ':', default_port));
}

} // namespace chatd
