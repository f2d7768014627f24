import LapwingAPI

/// For each labelled answer the others whose prompts are most like its own, with some to spare for those that a fold holds
/// out.
struct NeighbourLists {
    let neighbours: OutcomeNeighbours
    /// Of each answer, in their order; places of answers.
    private let lists: [[OutcomeNeighbours.Neighbour]]

    /// nil where no answer has a vector of its prompt.
    init?(_ answers: [LabelledAnswer]) {
        let known = answers.indices.filter { answers[$0].evidence.promptVector != nil }
            .suffix(OutcomeNeighbours.mostPrompts)
        let table = OutcomeNeighbours(
            known.compactMap { index in answers[index].evidence.promptVector.map { ($0, answers[index].right) } })
        guard let table, table.count == known.count else { return nil }
        let places = Dictionary(uniqueKeysWithValues: zip(known, 0...))
        neighbours = table
        lists = answers.indices.map { index in
            guard let vector = answers[index].evidence.promptVector else { return [] }
            return table.nearest(
                to: vector, count: 2 * OutcomeNeighbours.neighbourCount, excluding: places[index])
        }
        order = Array(known)
    }

    private let order: [Int]

    /// The answers at `rows`, each with what its neighbours among those that `isKnown` say.
    func rows(_ rows: [Int], of answers: [LabelledAnswer], isKnown: (Int) -> Bool) -> [LabelledAnswer] {
        rows.map { row in
            let near = lists[row].filter { isKnown(order[$0.place]) }.prefix(OutcomeNeighbours.neighbourCount)
            var answer = answers[row]
            answer.evidence.neighbours = near.isEmpty ? nil : neighbours.share(of: near)
            return answer
        }
    }
}
