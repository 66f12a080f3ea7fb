// SPDX-License-Identifier: ISC
#include "tests/bench/lineup.hh"

#include "common/text.hh"

#include <filesystem>
#include <iostream>

namespace bench {

Lineup::Lineup(const Setting& setting, std::map<std::string, std::string> words, Words environment)
    : setting_(setting), words_(std::move(words)), environment_(std::move(environment)) {
    words_["EMPTY"] = setting.scratch + "/empty";
    std::filesystem::create_directories(words_["EMPTY"]);
}

void Lineup::start(std::string_view subject, std::string_view configuration, Words command) {
    const std::uint16_t port = find_free_port();
    auto words = words_;
    words["PORT"] = std::to_string(port);
    words["STATE"] = setting_.scratch + "/state-" + words["PORT"];
    if (!configuration.empty()) words["CONF"] = write_configuration(setting_, configuration, words);
    for (std::string& word : command) word = replace_words(word, words);
    const std::string output = setting_.scratch + "/output-" + words["PORT"];
    running_.push_back({std::string{subject}, std::make_unique<Server>(command, port, output, environment_)});
}

void Lineup::add_suite(const std::string& daemon, const Words& lines, std::string_view configuration) {
    for (const auto& [subject, folder] : setting_.builds) {
        Words command{common::text(folder, '/', daemon), "-d", "-f", "@CONF@"};
        for (const std::string& line : lines) command.insert(command.end(), {"-o", line});
        start(subject, configuration.empty() ? daemon : configuration, command);
    }
}

void Lineup::add_peer(std::string_view subject, std::string_view folder, std::string_view configuration,
                      const Words& arguments) {
    Words command{setting_.peers + "/" + std::string{folder} + "/run"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    try {
        start(subject, configuration, command);
    } catch (const std::exception& error) {
        std::cerr << "  " << subject << " is missing: " << error.what() << '\n';
    }
}

void Lineup::add_floor(std::string_view subject, const Words& arguments) {
    Words command{setting_.floor};
    command.insert(command.end(), arguments.begin(), arguments.end());
    start(subject, "", command);
}

} // namespace bench
