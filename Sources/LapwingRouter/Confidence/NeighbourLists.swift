import LapwingAPI

/// For each labelled answer the others whose prompts are most like its own, with some to spare for those that a fold holds
/// out.
package struct NeighbourLists {
    let neighbours: OutcomeNeighbours
    /// Of each answer, in their order.
    private let lists: [[OutcomeNeighbours.Neighbour]]
    /// The answer at each place of `neighbours`.
    private let order: [Int]

    /// nil where no answer has a vector of its prompt. Vectors of another length than the last one's are no neighbours.
    package init?(_ answers: [LabelledAnswer]) {
        let length = answers.last { $0.evidence.promptVector != nil }?.evidence.promptVector?.codes.count
        let known = answers.indices.filter { length != nil && answers[$0].evidence.promptVector?.codes.count == length }
            .suffix(OutcomeNeighbours.mostPrompts)
        let table = OutcomeNeighbours(
            known.compactMap { index in answers[index].evidence.promptVector.map { ($0, answers[index].right) } })
        guard let table else { return nil }
        let places = Dictionary(uniqueKeysWithValues: zip(known, 0...))
        neighbours = table
        lists = answers.indices.map { index in
            guard let vector = answers[index].evidence.promptVector else { return [] }
            return table.nearest(
                to: vector, count: 2 * OutcomeNeighbours.neighbourCount, excluding: places[index])
        }
        order = Array(known)
    }

    /// The answers at `rows`, each with what its neighbours among those that `isKnown` say.
    package func rows(_ rows: [Int], of answers: [LabelledAnswer], isKnown: (Int) -> Bool) -> [LabelledAnswer] {
        rows.map { row in
            let near = lists[row].filter { isKnown(order[$0.place]) }.prefix(OutcomeNeighbours.neighbourCount)
            var answer = answers[row]
            answer.evidence.neighbours = near.isEmpty ? nil : neighbours.share(of: near)
            return answer
        }
    }
}
